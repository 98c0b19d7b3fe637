/*
 * Live heap blocks by address: made for tens of millions, at 10 to 16 bytes each where they are many.
 *
 * Each region of the address space has a table of its own, with one word for each block (store/heap_region.h). A thread holds
 * a region for a few dozen instructions, or while its table grows: at most 128 KiB. While the process has one thread, it holds
 * nothing. Every change is one store, so visits and marks make no thread wait, and a copy of the memory taken at any instant
 * (fork) is a valid table. See decisions/0005.
 */
#ifndef LEAKTRACE_STORE_HEAP_TABLE_H
#define LEAKTRACE_STORE_HEAP_TABLE_H

#include "store/heap_region.h"

#include <stdbool.h>
#include <stdint.h>

struct heap_block {
    uintptr_t addr; /* a multiple of 8, below 2^47 */
    uint64_t size;  /* as requested, below 2^48 */
    uint32_t site;
    bool after_mark; /* allocated after the growth mark */
};

struct heap_place {
    uint64_t *entry; /* of the region; NULL: it has none yet */
    uint64_t table;  /* what was in the entry */
    uint64_t *home;
};

enum heap_put {
    HEAP_PUT_NEW,
    HEAP_PUT_REPLACED,  /* a block was there whose release was never seen */
    HEAP_PUT_NO_MEMORY, /* also for an address that no allocator gives */
    HEAP_PUT_NO_LOCK,
};

/* Records a block as allocated now. */
static inline enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site);
/* The same in two parts; when the second comes, the processor has fetched the memory that the first has named. */
static inline struct heap_place heap_table_place(uintptr_t addr);
static inline enum heap_put heap_table_add_at(struct heap_place place, uintptr_t addr, uint64_t size, uint32_t site);
/* False: there is no block, for sure. Takes no lock. Of an address that no other thread releases at the same time. */
bool heap_table_may_have(uintptr_t addr);
/* Removes the block and tells what it was, unless `ret_block` is NULL; false when it is not known. */
static inline bool heap_table_take(uintptr_t addr, struct heap_block *ret_block);
/* Puts back what heap_table_take removed, with its age. */
enum heap_put heap_table_put_back(const struct heap_block *block);

/* There may be more than one thread from now on. Called before the second one can exist; leaktrace's own does not count, for it
   only marks and visits. Whether it was not so before. */
bool heap_table_share(void);

/* Sets the growth mark: every block that is there now counts as from before it. In one thread at a time. */
void heap_table_mark(void);

/* Calls `visit` for every block that is live during the whole visit, and perhaps for some that come or go. In one thread at a
   time. No thread waits for it. */
void heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context);

/* In the child of fork: the owners of the locks may not exist. What is there is from before the mark, which is the fork. */
void heap_table_after_fork(void);

/* --- the usual case: a block at home -------------------------------------------------------------------------------- */

extern __attribute__((visibility("hidden"))) enum heap_tag heap_table_generation;

/* For heap_table_add() and heap_table_take() alone: all that is not usual. The held region is left. */
enum heap_put heap_table_put_slowly(uintptr_t addr, uint64_t size, uint64_t word);
enum heap_put heap_table_put_held(struct heap_hold hold, uintptr_t addr, uint64_t size, uint64_t word);
bool heap_table_take_slowly(uintptr_t addr, struct heap_block *ret_block);
bool heap_table_take_held(struct heap_hold hold, uintptr_t addr, struct heap_block *ret_block);

static inline enum heap_tag heap_table_current_generation(void)
{
    return __atomic_load_n(&heap_table_generation, __ATOMIC_RELAXED);
}

/* A block whose size is in its word. */
static inline struct heap_block heap_table_unpack(uintptr_t addr, uint64_t word)
{
    return (struct heap_block){
        .addr = addr,
        .size = heap_word_size(word),
        .site = (uint32_t)word & ((1u << HEAP_SITE_BITS) - 1),
        .after_mark = heap_word_tag(word) == heap_table_current_generation(),
    };
}

static inline struct heap_place heap_table_place(uintptr_t addr)
{
    struct heap_place place = {.entry = heap_region_find(addr)};

    if (__builtin_expect(place.entry != NULL, 1)) {
        place.table = __atomic_load_n(place.entry, __ATOMIC_RELAXED) & ~HEAP_LOCKED;
        heap_region_line(place.table, addr, &place.home);
        __builtin_prefetch(place.home, 1);
    }
    return place;
}

/* The table may have been replaced since its place was asked for. */
static inline __attribute__((always_inline)) enum heap_put heap_table_add_at(struct heap_place place, uintptr_t addr,
                                                                             uint64_t size, uint32_t site)
{
    uint64_t word = heap_word_block(addr, heap_table_current_generation(), size, site);
    struct heap_hold hold;
    uint64_t before;

    if (__builtin_expect(place.entry == NULL || !heap_region_try(&hold, place.entry), 0))
        return heap_table_put_slowly(addr, size, word);
    if (__builtin_expect((hold.table & ~HEAP_LOCKED) != place.table || size >= HEAP_SIZE_LONG, 0))
        return heap_table_put_held(hold, addr, size, word);
    before = heap_word_load(place.home);
    if (before != 0 && before != heap_word_gone(addr))
        return heap_table_put_held(hold, addr, size, word);
    heap_word_store(place.home, word);
    heap_region_leave(hold);
    return HEAP_PUT_NEW;
}

static inline enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site)
{
    return heap_table_add_at(heap_table_place(addr), addr, size, site);
}

static inline __attribute__((always_inline)) bool heap_table_take(uintptr_t addr, struct heap_block *ret_block)
{
    struct heap_place place = heap_table_place(addr);
    struct heap_hold hold;
    uint64_t word;

    if (__builtin_expect(place.entry == NULL || !heap_region_try(&hold, place.entry), 0))
        return heap_table_take_slowly(addr, ret_block);
    if (__builtin_expect((hold.table & ~HEAP_LOCKED) != place.table, 0))
        return heap_table_take_held(hold, addr, ret_block);
    word = heap_word_load(place.home);
    if (!heap_word_is_block_at(word, addr) || __builtin_expect(heap_word_size(word) == HEAP_SIZE_LONG, 0))
        return heap_table_take_held(hold, addr, ret_block);
    if (ret_block != NULL)
        *ret_block = heap_table_unpack(addr, word);
    heap_word_store(place.home, heap_word_gone(addr));
    heap_region_leave(hold);
    return true;
}

#endif
