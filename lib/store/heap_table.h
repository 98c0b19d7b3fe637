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

#include <stdbool.h>
#include <stdint.h>

struct heap_block {
    uintptr_t addr; /* a multiple of 8, below 2^47 */
    uint64_t size;  /* as requested, below 2^48 */
    uint32_t site;
    bool after_mark; /* allocated after the growth mark */
};

enum heap_put {
    HEAP_PUT_NEW,
    HEAP_PUT_REPLACED,  /* a block was there whose release was never seen */
    HEAP_PUT_NO_MEMORY, /* also for an address that no allocator gives */
    HEAP_PUT_NO_LOCK,
};

/* Records a block as allocated now. */
enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site);
/* False: there is no block, for sure. Takes no lock. Of an address that no other thread releases at the same time. */
bool heap_table_may_have(uintptr_t addr);
/* Removes the block and tells what it was; false when it is not known. */
bool heap_table_take(uintptr_t addr, struct heap_block *ret_block);
/* Puts back what heap_table_take removed, with its age. */
enum heap_put heap_table_put_back(const struct heap_block *block);

/* There may be more than one thread from now on. Called before the second one can exist; leaktrace's own does not count, for it
   only marks and visits. Whether it was not so before. */
bool heap_table_share(void);

/* Sets the growth mark: every block that is there now counts as from before it. In one thread at a time. */
void heap_table_mark(void);

/* Calls `visit` for every block that is live during the whole visit, and perhaps for some that come or go. In one thread at a
   time. Returns the longest that a thread may have waited for it, in ns: 0. */
int64_t heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context);

/* In the child of fork: the owners of the locks may not exist. */
void heap_table_after_fork(void);

#endif
