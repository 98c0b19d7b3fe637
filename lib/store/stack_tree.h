/*
 * All call stacks that were ever captured, as one tree from the outermost frame inward: 16 bytes for each distinct beginning of
 * a stack, for the life of the process.
 *
 * A stack is a node; its frames are the way from there to the root. The root says what holds for the whole stack: its kind,
 * which modules were loaded, whether its outer end is missing. Nodes never move and are never removed. A child that is known is
 * found without a lock; a new one takes the lock of one of 64 shards, for no longer than it takes to double that shard's index.
 * A copy of the memory at any instant (fork) is a valid tree.
 */
#ifndef LEAKTRACE_STORE_STACK_TREE_H
#define LEAKTRACE_STORE_STACK_TREE_H

#include "store/kind.h"

#include <stdbool.h>
#include <stdint.h>

#define STACK_NODE_MAX ((1u << 27) - 1)
#define STACK_NODE_NONE 0u

/* A stack spelled out. */
struct stack {
    const uintptr_t *pcs; /* leaf first, each inside its call instruction: return address - 1 */
    uint32_t depth;
    uint32_t epoch;       /* which modules were loaded when it was taken, see snapshot/modules.h */
    bool truncated;       /* it does not end in a start function */
};

/* The root of these stacks, and the node of the frame `pc` inside of the frame `parent`; made where they are new. STACK_NODE_NONE
   when there is no memory or the lock cannot be had, or when the parent is STACK_NODE_NONE. */
uint32_t stack_tree_root(enum kind kind, uint32_t epoch, bool truncated);
uint32_t stack_tree_child(uint32_t parent, uintptr_t pc);

/* Of a node: its address, the frame outside of it (STACK_NODE_NONE: it is a root), and how many frames it is away from the root. */
uintptr_t stack_tree_pc(uint32_t node);
uint32_t stack_tree_parent(uint32_t node);
uint32_t stack_tree_depth(uint32_t node);
/* Of the stack that a node belongs to. */
bool stack_tree_is_truncated(uint32_t node);
uint32_t stack_tree_epoch(uint32_t node);
/* Spells the stack out: at most `limit` frames from the leaf; what is longer is truncated. `pcs` has room for them. */
void stack_tree_read(uint32_t node, uint32_t limit, uintptr_t *pcs, struct stack *ret_stack);

/* The word that the table of sites keeps with each node, 0 at the start; set once. */
uint32_t stack_tree_site(uint32_t node);
void stack_tree_set_site(uint32_t node, uint32_t site);

/* All nodes from 1 to this have been given out; the last ones may not be ready to be read yet. */
uint32_t stack_tree_count(void);
bool stack_tree_is_ready(uint32_t node);

/* In the child of fork: the locks' owners may not exist. */
void stack_tree_after_fork(void);

#endif
