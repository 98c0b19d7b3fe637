/* The memory of a cache of stacks: the stack that was walked last, the frames of a walk under way, and words. For
   record/stack_cache and record/stack_trail. */
#ifndef LEAKTRACE_RECORD_STACK_ROOM_H
#define LEAKTRACE_RECORD_STACK_ROOM_H

#include "record/stack_walk.h"
#include "store/kind.h"

#include <stdbool.h>
#include <stdint.h>

#define STACK_ROOM_LEVELS 3 /* each has four times as many words as the one before it */
#define STACK_READS 3u      /* words that one step can read */

/* A word of the stack, and what it held. */
struct stack_word {
    const uintptr_t *at;
    uintptr_t value;
};

enum frame_flag {
    FRAME_BP_MATTERS = 1,  /* rbp matters to this step, or to one outside of it */
    FRAME_COVERED = 2,     /* what lies inside of it is left out, as it is when it is leaktrace's own */
    FRAME_HIDDEN = 4,      /* left out alone */
    FRAME_CUT = 8,         /* the stack was cut because it is deep */
    FRAME_AT_ADDRESS = 16, /* pc itself is shown, not the call before it */
    FRAME_USUAL = 32,      /* the step to the caller is by an offset from rsp or rbp, and reads the words that lie there */
    FRAME_SAVES_BP = 64,   /* and has restored rbp */
};

struct stack_trail_frame {
    uintptr_t pc; /* STACK_PC_EXACT is added where it is the next instruction of an interrupted function */
    uintptr_t sp;
    uintptr_t bp;
    uint32_t node;
    uint16_t words; /* where its run of words begins */
    uint16_t flags; /* frame_flag */
};

#define STACK_PC_EXACT (1ul << 63)
#define STACK_SP_END UINTPTR_MAX /* no frame's */
#define STACK_WORDS_NONE 1u      /* the first word is an end that has nothing outside of it */

struct stack_room {
    unsigned level;
    uint32_t max_frames;
    uint32_t max_words;
    uint32_t n_words;
    enum kind kind;                  /* of the last stack */
    struct stack_trail_frame *last;  /* the last stack, leaf first */
    struct stack_trail_frame *end;   /* behind its outermost frame: sp is STACK_SP_END, and the node a root */
    struct stack_trail_frame *fresh; /* the frames of a walk, leaf first; ends where the last stack may begin */
    uint32_t n_fresh;                /* of the walk that was made last */
    struct stack_word *words;
};

/* What a word of the stack is compared with where a run of words ends: it never holds `value`, which says where to go on, or
   UINTPTR_MAX. */
extern __attribute__((visibility("hidden"))) const uintptr_t stack_word_end;

/* Whether all words from here to the outermost frame have the values that they had; the first that has not is `ret_word`. */
WALK_READS_STACK static inline bool stack_words_hold(const struct stack_word *word, const struct stack_word **ret_word)
{
    for (;;) {
#pragma GCC unroll 8
        while (*word->at == word->value)
            word++;
        *ret_word = word;
        if (word->at != &stack_word_end)
            return false;
        if (word->value == UINTPTR_MAX)
            return true;
        word = (const struct stack_word *)word->value;
    }
}

/* An empty room of a level below STACK_ROOM_LEVELS; NULL when there is no memory. */
struct stack_room *stack_room_make(unsigned level);
void stack_room_empty(struct stack_room *room);
void stack_room_unmake(struct stack_room *room);

#endif
