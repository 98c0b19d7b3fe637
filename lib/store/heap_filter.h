/*
 * Which addresses may be those of recorded blocks, where few blocks are recorded: one byte tells most others from them.
 *
 * Counts blocks by a hash of their address. A count that has reached its limit stays there: then each address with that hash
 * may be one. Any thread, no locks.
 */
#ifndef LEAKTRACE_STORE_HEAP_FILTER_H
#define LEAKTRACE_STORE_HEAP_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define HEAP_FILTER_BITS 14

extern __attribute__((visibility("hidden"))) uint8_t heap_filter_counts[1u << HEAP_FILTER_BITS];

/* Blocks near each other, and those a power of two apart, have different ones. */
static inline uint8_t *heap_filter_count(uintptr_t addr)
{
    uintptr_t at = addr >> 4;

    return &heap_filter_counts[(at ^ at >> HEAP_FILTER_BITS ^ at >> 2 * HEAP_FILTER_BITS) % (1u << HEAP_FILTER_BITS)];
}

/* False: no block with this address was added that has not been removed, for sure. */
static inline bool heap_filter_may_have(uintptr_t addr)
{
    return __atomic_load_n(heap_filter_count(addr), __ATOMIC_RELAXED) != 0;
}

/* Before the block is recorded. */
void heap_filter_add(uintptr_t addr);
/* Of one that was added, when it is not recorded any more. */
void heap_filter_remove(uintptr_t addr);

#endif
