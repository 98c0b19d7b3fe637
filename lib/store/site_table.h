/*
 * Sites: one entry for each call stack that has acquired something, for the life of the process.
 *
 * A site is never removed and never moves, so pointers and ids stay valid. The site of a node of the tree of stacks is found
 * without a lock; a new one takes the table's lock. What a site has acquired is the sum of what stands in it and of the tallies
 * that threads keep for it (store/tally.h).
 */
#ifndef LEAKTRACE_STORE_SITE_TABLE_H
#define LEAKTRACE_STORE_SITE_TABLE_H

#include "store/kind.h"
#include "store/stack_tree.h"

#include <stdint.h>

#define SITE_ID_MAX ((1u << 26) - 1)

struct site {
    uint64_t acquired_count; /* since the start, less the tallies */
    uint64_t acquired_bytes;
    uint32_t node;
    unsigned id : 28; /* from 1 */
    enum kind kind : 4;
};

/* The site of this node, of a stack of this kind, made if it is new; NULL when there is no memory or the lock cannot be had, or for
   STACK_NODE_NONE. */
struct site *site_table_of(uint32_t node, enum kind kind);
/* The same for a stack that is spelled out. */
struct site *site_table_intern(enum kind kind, const struct stack *stack);
/* The site of an id that was given out. */
struct site *site_table_get(uint32_t id);
/* All ids from 1 to this are valid. */
uint32_t site_table_count(void);
/* Adds to what the site has acquired; both may be negative, modulo 2^64. */
void site_add(struct site *site, uint64_t count, uint64_t bytes);

/* Most frames of a stack that are shown, from the leaf; 1 to SITE_DEPTH_MAX, 64 at the start. */
void site_set_depth(uint32_t depth);
uint32_t site_depth(void);
/* Spells the site's stack out as it is shown; `pcs` has room for SITE_DEPTH_MAX. */
void site_stack(const struct site *site, uintptr_t *pcs, struct stack *ret_stack);
bool site_is_truncated(const struct site *site);

/* In the child of fork: the lock's owner may not exist. */
void site_table_after_fork(void);

#define SITE_DEPTH_MAX 512u

#endif
