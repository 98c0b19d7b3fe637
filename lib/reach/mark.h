/*
 * Marking: from what is reached to what it points to, and in the end which of the unreached blocks hold the others.
 *
 * A pointer is a word, where words are aligned, that is an address in a block. One to its start makes it reachable, one to its
 * inside possible. What only possible blocks point to is possible. In the end it is looked for words that may be pointers. In
 * one thread.
 */
#ifndef LEAKTRACE_REACH_MARK_H
#define LEAKTRACE_REACH_MARK_H

#include "reach/blocks.h"
#include "reach/maps.h"

struct mark_stack {
    uint32_t *items;
    size_t count;
};

#define MARK_PENDING 64u

struct marker {
    struct blocks *blocks;
    struct maps *maps;
    struct mark_stack stack;               /* blocks whose words are still to be looked at */
    struct range unreached;                /* where the unreached blocks are, when it is looked loosely */
    bool has_chunks;                       /* blocks are glibc's, with their sizes before them */
    uint32_t leader;                       /* the unreached block whose own is being looked for */
    void (*settle)(struct marker *marker); /* does to blocks what the pending pointers into them do */
    uintptr_t pending[MARK_PENDING];
    unsigned n_pending;
    unsigned looked; /* for the clock */
};

/* 0 or -ENOMEM; to be released in any case. */
int mark_init(struct marker *ret_marker, struct blocks *blocks, struct maps *maps);
void mark_release(struct marker *marker);

/* What these words, or all of this memory, point to is reachable. */
void mark_words(struct marker *marker, const uint64_t *words, size_t n);
void mark_range(struct marker *marker, struct range range);
/* The block that has this address is reachable. */
void mark_block_at(struct marker *marker, uintptr_t addr);
/* The same, but not what it points to. Only when all else is marked. Returns where the block is, or {0}. */
struct range mark_only_block_at(struct marker *marker, uintptr_t addr);
/* All roots are marked: follows what is only possible. */
void mark_possible(struct marker *marker);
/* Whether it is worth looking for what may be a pointer: with something in its upper 16 bits, or not aligned. Only unreached
   blocks are of interest then, and only so much memory can be looked through like this. What it finds is possible. First for
   all roots, then once for all reached blocks. */
bool mark_needs_loose(struct marker *marker);
void mark_range_loosely(struct marker *marker, struct range range);
void mark_blocks_loosely(struct marker *marker);
/* Gives the states of what was not reached. To be called once, last. False when it took too long and nothing is known: the
   threads that stand still are not to wait for ever. */
bool mark_finish(struct marker *marker);
#endif
