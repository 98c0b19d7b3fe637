/* The memory of a cache of stacks: frames, words, and an index of the frames. For record/stack_cache. */
#ifndef LEAKTRACE_RECORD_STACK_ROOM_H
#define LEAKTRACE_RECORD_STACK_ROOM_H

#include <stdint.h>

#define STACK_ROOM_LEVELS 3 /* each has four times as many frames as the one before it */
#define STACK_READS 3u      /* words that one step can read */

struct stack_word;

/* Beside those of walk_read. */
enum frame_flag {
    FRAME_BP_MATTERS = 16,  /* rbp matters to this step, or to one outside of it */
    FRAME_COVERED = 32,     /* what lies inside of it is left out, as it is when it is leaktrace's own */
    FRAME_HIDDEN = 64,      /* left out alone */
    FRAME_CUT = 128,        /* the stack was cut because it is deep */
    FRAME_AT_ADDRESS = 256, /* pc itself is shown, not the call before it */
};

struct cached_frame {
    uintptr_t pc; /* with the kind, and whether it is exact, above the address */
    uintptr_t sp;
    uintptr_t bp;
    uint32_t node;
    unsigned words : 20; /* where its run of words begins */
    unsigned flags : 12;
};

struct stack_room {
    unsigned level;
    uint32_t n_frames;
    uint32_t n_words;
    uint32_t max_frames;
    uint32_t max_words;
    struct cached_frame *frames;
    struct stack_word *words;
    uint16_t *index; /* by state: number of a frame + 1; a newer frame takes an older one's place */
};

/* A room of a level below STACK_ROOM_LEVELS; NULL when there is no memory. */
struct stack_room *stack_room_make(unsigned level);
void stack_room_unmake(struct stack_room *room);

static inline uint16_t *stack_room_index(const struct stack_room *room, uintptr_t pc, uintptr_t sp)
{
    uintptr_t hash = (pc ^ sp << 20) * 0x9e3779b97f4a7c15u;

    return &room->index[hash >> 40 & (2 * room->max_frames - 1)];
}

#endif
