/*
 * Sites: one entry for each distinct (kind, call stack), for the life of the process.
 *
 * A site is never removed and never moves, so pointers and ids stay valid. Lookup of a known stack takes no lock; a new one
 * takes the table's lock. Every update is ordered so that a copy of the memory taken at any instant (fork) is a valid table.
 */
#ifndef LEAKTRACE_STORE_SITE_TABLE_H
#define LEAKTRACE_STORE_SITE_TABLE_H

#include "store/kind.h"

#include <stdbool.h>
#include <stdint.h>

#define SITE_ID_MAX ((1u << 26) - 1)

struct stack {
    const uintptr_t *pcs; /* leaf first, each inside its call instruction: return address - 1 */
    uint32_t depth;
    uint32_t epoch;       /* which modules were loaded when it was taken, see snapshot/modules.h */
    bool truncated;       /* it does not end in a start function */
};

struct site {
    uint64_t hash;
    uint64_t acquired_count; /* in all, since the start */
    uint64_t acquired_bytes;
    uint32_t id; /* from 1 */
    enum kind kind;
    struct stack stack;
    uintptr_t pcs[];
};

/* The site of this stack, made if it is new; NULL when there is no memory or the lock cannot be had. */
struct site *site_table_intern(enum kind kind, const struct stack *stack);
/* The site of an id that site_table_intern gave out. */
struct site *site_table_get(uint32_t id);
/* All ids from 1 to this are valid. */
uint32_t site_table_count(void);
/* Counts one acquired resource of `bytes` bytes. */
void site_count(struct site *site, uint64_t bytes);
/* The resource that was counted with `from_bytes` has `to_bytes`. */
void site_correct(struct site *site, uint64_t from_bytes, uint64_t to_bytes);

/* In the child of fork: the lock's owner may not exist. */
void site_table_after_fork(void);

#endif
