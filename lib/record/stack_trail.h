/*
 * The walk of a stack, as far as it differs from the one that was walked before it.
 *
 * The walk goes outward from the leaf and the last stack along with it: both lie in the order of sp. Where a frame is the same
 * as one of the last stack, and the words that lie outside of it are as they were, all of its callers are the same, and the
 * walk ends. The words that the steps have read are written down behind each other: from any frame on, they are the run of
 * words that its callers depend on. For record/stack_cache.
 */
#ifndef LEAKTRACE_RECORD_STACK_TRAIL_H
#define LEAKTRACE_RECORD_STACK_TRAIL_H

#include "record/stack_room.h"
#include "record/stack_walk.h"
#include "store/kind.h"

#include <stdbool.h>
#include <stdint.h>

enum trail_outcome { TRAIL_END, TRAIL_KNOWN, TRAIL_NO_ROOM, TRAIL_TOO_DEEP, TRAIL_NO_RULE };

/* Where rbp came from last. */
struct trail_bp {
    struct stack_trail_frame *from; /* the frame that restored it; before the first: it was in the register */
    struct stack_word *room;        /* where its word belongs; NULL: there is none, or it stands there already */
    const uintptr_t *at;
    struct stack_word *end; /* of the words, for step_slowly() */
};

/* Where a walk stands. */
struct trail_place {
    uintptr_t pc, sp, bp;
    uintptr_t exact; /* STACK_PC_EXACT, or 0 */
    uintptr_t high;  /* of the stack that sp is in; 0: it is not the known one, and each step is a slow one */
    struct stack_trail_frame *frame, *limit;
    const struct stack_trail_frame *shown; /* what lies inside of this frame is left out */
    struct stack_word *word;
    const struct stack_trail_frame *known; /* of the last stack: the first one that is not further in */
    const struct stack_trail_frame *same;  /* up to here its frames are known to have the same callers as they had */
    uintptr_t failed;                      /* the word that does not hold: frames inside of it cannot hold either */
};

struct trail {
    struct stack_trail_frame *outside; /* in the last stack: the first frame outside of the new ones; room->end if none is */
    uint32_t n_fresh;                  /* new frames, in room->fresh */
    uint32_t n_covered;                /* of these, up to the last one that is left out with all inside of it */
    uint32_t n_words;                  /* words in the room with those of the new frames */
    bool is_truncated;                 /* where nothing is outside of them */
    struct stack_word differs; /* a word that is not as it was in the last stack, and what it holds; `at` NULL: none seen */
    struct trail_place place;  /* and the next: of the walk under way */
    struct trail_bp bp;
};

/* Frames of the leaf end that a stack keeps at least, however deep it is; it is cut at twice as many. */
uint32_t trail_window(void);
/* Walks from the walker's frame. TRAIL_NO_ROOM: to forget what is in the room, or a larger one, may help. TRAIL_NO_RULE: the
   last new frame needs libunwind. */
enum trail_outcome trail_walk(struct stack_room *room, struct walker *walker, enum kind kind, struct trail *ret_trail);
/* Of a stack that is too deep the inner three quarters are kept. */
void trail_cut(struct stack_room *room, struct trail *trail);
/* How many frames are shown. */
uint32_t trail_depth(const struct trail *trail);
/* Gives the new frames their nodes, from the outside inward; what lies outside of them has its own. If `keep`, they become the
   inner part of the last stack. Returns the node of the leaf. */
uint32_t trail_link(struct stack_room *room, const struct trail *trail, bool keep);

#endif
