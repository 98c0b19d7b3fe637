/*
 * Memory for the tables of store/heap_region: runs of lines of 64 bytes, used again and again, never unmapped.
 *
 * What is given back joins what is free beside it. Who still reads a table that was given back finds words there, none of
 * which is a block's unless the memory is another region's table by then. Thread-safe.
 */
#ifndef LEAKTRACE_STORE_HEAP_POOL_H
#define LEAKTRACE_STORE_HEAP_POOL_H

#include <stdint.h>

/* `lines` * 8 words of 0; NULL when there is no memory. */
uint64_t *heap_pool_take(uint32_t lines);
void heap_pool_give(uint64_t *words, uint32_t lines);
/* All that was mapped. */
uint64_t heap_pool_bytes(void);
/* In the child of fork: what another thread was doing with free runs is not finished. */
void heap_pool_after_fork(void);

#endif
