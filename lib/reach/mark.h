/*
 * Marking: from what is reached to what it points to, and in the end which of the unreached blocks hold the others.
 *
 * A pointer is a word, where words are aligned, that is an address in a block. One to its start makes it reachable, one to its
 * inside possible. What only possible blocks point to is possible. In one thread.
 */
#ifndef LEAKTRACE_REACH_MARK_H
#define LEAKTRACE_REACH_MARK_H

#include "reach/blocks.h"
#include "reach/maps.h"

struct mark_stack {
    uint32_t *items;
    size_t count;
};

struct marker {
    struct blocks *blocks;
    struct maps *maps;
    struct mark_stack stack; /* blocks whose words are still to be looked at */
    uint32_t leader;         /* the unreached block whose own is being looked for */
};

/* 0 or -ENOMEM; to be released in any case. */
int mark_init(struct marker *ret_marker, struct blocks *blocks, struct maps *maps);
void mark_release(struct marker *marker);

/* What these words, or all of this memory, point to is reachable. */
void mark_words(struct marker *marker, const uint64_t *words, size_t n);
void mark_range(struct marker *marker, struct range range);
/* The block that has this address is reachable. */
void mark_block_at(struct marker *marker, uintptr_t addr);
/* Follows all that was marked; then gives the states of those that were not. To be called once. */
void mark_finish(struct marker *marker);

#endif
