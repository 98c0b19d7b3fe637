/* The memory of caches of stacks. Owns nothing; called by record/stack_cache. */
#include "record/stack_room.h"

#include "base/memory.h"
#include "store/site_table.h"

#include <stddef.h>

#define FIRST_FRAMES 320u
#define MAX_FRAMES (4 * FIRST_FRAMES) /* more than two windows, and the frames between hooks */
#define FIRST_WORDS 1024u

_Static_assert(MAX_FRAMES > 2 * (SITE_DEPTH_MAX + 1), "a stack of two windows must fit");
_Static_assert(FIRST_WORDS > STACK_READS * (FIRST_FRAMES + 1), "a stack that fits must have room for its words");

const uintptr_t stack_word_end;

static uint32_t frames_of(unsigned level)
{
    return level == 0 ? FIRST_FRAMES : MAX_FRAMES;
}

static uint32_t words_of(unsigned level)
{
    return FIRST_WORDS << 2 * level;
}

static size_t bytes_of(unsigned level)
{
    return sizeof(struct stack_room) + (2 * frames_of(level) + 1) * sizeof(struct stack_trail_frame) +
           words_of(level) * sizeof(struct stack_word);
}

struct stack_room *stack_room_make(unsigned level)
{
    struct stack_room *room = memory_map(bytes_of(level));

    if (room == NULL)
        return NULL;
    room->level = level;
    room->max_frames = frames_of(level);
    room->max_words = words_of(level);
    room->words = (struct stack_word *)(room + 1);
    room->fresh = (struct stack_trail_frame *)(room->words + room->max_words);
    room->end = room->fresh + 2 * room->max_frames;
    room->end->sp = STACK_SP_END;
    room->words[0] = (struct stack_word){.at = &stack_word_end, .value = UINTPTR_MAX};
    stack_room_empty(room);
    return room;
}

void stack_room_empty(struct stack_room *room)
{
    room->last = room->end;
    room->n_words = STACK_WORDS_NONE;
}

void stack_room_unmake(struct stack_room *room)
{
    memory_unmap(room, bytes_of(room->level));
}
