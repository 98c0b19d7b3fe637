/*
 * Live heap blocks by address: made for tens of millions, 16 bytes each plus the free part of the table.
 *
 * Sharded open addressing; each shard has its lock, held for a few dozen instructions, or while it grows. An update is at
 * most one store of a key word, so that a copy of the memory taken at any instant (fork) is a valid table.
 */
#ifndef LEAKTRACE_STORE_HEAP_TABLE_H
#define LEAKTRACE_STORE_HEAP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct heap_block {
    uintptr_t addr; /* not 0, below 2^48 */
    uint64_t size;  /* as requested, below 2^50 */
    uint32_t site;
    bool after_mark; /* allocated after the growth mark */
};

enum heap_put {
    HEAP_PUT_NEW,
    HEAP_PUT_REPLACED, /* a block was there whose release was never seen */
    HEAP_PUT_NO_MEMORY,
    HEAP_PUT_NO_LOCK,
};

/* Records a block as allocated now. */
enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site);
/* Removes the block and tells what it was; false when it is not known. */
bool heap_table_take(uintptr_t addr, struct heap_block *ret_block);
/* Puts back what heap_table_take removed, with its age. */
enum heap_put heap_table_put_back(const struct heap_block *block);

/* Sets the growth mark: every block that is there now counts as from before it. */
void heap_table_mark(void);

/* Calls `visit` for every live block, one shard after the other, each under its lock: `visit` must only add up. Returns the
   longest time a shard was locked, in ns. */
int64_t heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context);

/* In the child of fork: the owners of the locks may not exist. */
void heap_table_after_fork(void);

#endif
