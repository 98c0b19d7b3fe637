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
#include <stddef.h>
#include <stdint.h>

#define STACK_NODE_MAX ((1u << 27) - 1)
#define STACK_NODE_NONE 0u

/* A stack spelled out. */
struct stack {
    const uintptr_t *pcs; /* leaf first, each inside its call instruction: return address - 1 */
    uint32_t depth;
    uint32_t epoch; /* which modules were loaded when it was taken, see snapshot/modules.h */
    bool truncated; /* it does not end in a start function */
};

/* The root of these stacks, and the node of the frame `pc` inside of the frame `parent`; made where they are new.
   STACK_NODE_NONE when there is no memory or the lock cannot be had, or when the parent is STACK_NODE_NONE. */
uint32_t stack_tree_root(enum kind kind, uint32_t epoch, bool truncated);
static inline uint32_t stack_tree_child(uint32_t parent, uintptr_t pc);

/* Of a node: its address, the frame outside of it (STACK_NODE_NONE: it is a root), and how many frames it is away from the
 * root. */
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

/* --- the usual case: the child is the node behind its parent ---------------------------------------------------------- */

#define STACK_TREE_CHUNK 4096u
#define STACK_TREE_CHUNKS ((STACK_NODE_MAX + 1) / STACK_TREE_CHUNK)
#define STACK_TREE_PC_SHIFT 16 /* addresses have 48 bits; those above repeat the highest */

struct stack_tree_node {
    uint64_t pc_depth; /* address << 16 | whether it is truncated << 15 | frames from the root, at most 32767; 0: not to be read
                          yet */
    uint32_t parent;
    uint32_t site;
};

/* The last one is never made: the node behind the last of all may be asked for. */
extern __attribute__((visibility("hidden"))) struct stack_tree_node *stack_tree_chunks[STACK_TREE_CHUNKS + 1];

/* For stack_tree_child() alone: a child that does not lie behind its parent, or is not there yet. */
uint32_t stack_tree_child_elsewhere(uint32_t parent, uintptr_t pc);

/* The node behind the parent, if it is this child. */
static inline uint32_t stack_tree_find_beside(uint32_t parent, uintptr_t pc)
{
    const struct stack_tree_node *chunk =
        __atomic_load_n(&stack_tree_chunks[(parent + 1) / STACK_TREE_CHUNK], __ATOMIC_ACQUIRE);
    const struct stack_tree_node *node = &chunk[(parent + 1) % STACK_TREE_CHUNK];

    if (chunk == NULL ||
        (__atomic_load_n(&node->pc_depth, __ATOMIC_ACQUIRE) ^ pc << STACK_TREE_PC_SHIFT) >> STACK_TREE_PC_SHIFT != 0 ||
        node->parent != parent)
        return STACK_NODE_NONE;
    return parent + 1;
}

static inline uint32_t stack_tree_child(uint32_t parent, uintptr_t pc)
{
    uint32_t id = stack_tree_find_beside(parent, pc);

    return __builtin_expect(id != STACK_NODE_NONE && parent != STACK_NODE_NONE, 1) ? id
                                                                                   : stack_tree_child_elsewhere(parent, pc);
}

/* A node on the way inward. */
struct stack_tree_cursor {
    uint32_t node;
    const struct stack_tree_node *at; /* NULL: it has no memory, or is the last of its chunk */
};

static inline struct stack_tree_cursor stack_tree_cursor(uint32_t node)
{
    const struct stack_tree_node *chunk = __atomic_load_n(&stack_tree_chunks[node / STACK_TREE_CHUNK], __ATOMIC_ACQUIRE);
    bool has_next = node != STACK_NODE_NONE && (node + 1) % STACK_TREE_CHUNK != 0;

    return (struct stack_tree_cursor){.node = node, .at = has_next ? &chunk[node % STACK_TREE_CHUNK] : NULL};
}

/* Moves on to the node's child, as stack_tree_child() finds it. */
static inline __attribute__((always_inline)) void stack_tree_descend(struct stack_tree_cursor *cursor, uintptr_t pc)
{
    const struct stack_tree_node *next = cursor->at + 1;

    if (__builtin_expect(cursor->at != NULL, 1) &&
        __builtin_expect(
            (__atomic_load_n(&next->pc_depth, __ATOMIC_ACQUIRE) ^ pc << STACK_TREE_PC_SHIFT) >> STACK_TREE_PC_SHIFT == 0, 1) &&
        __builtin_expect(next->parent == cursor->node, 1)) {
        cursor->node++;
        cursor->at = (cursor->node + 1) % STACK_TREE_CHUNK == 0 ? NULL : next;
    } else {
        *cursor = stack_tree_cursor(stack_tree_child(cursor->node, pc));
    }
}

#endif
