/* The memory of caches of stacks. Owns nothing; called by record/stack_cache. */
#include "record/stack_room.h"

#include "base/memory.h"
#include "record/stack_cache.h"

#include <stddef.h>

#define FIRST_FRAMES 256u

static uint32_t frames_of(unsigned level)
{
    return FIRST_FRAMES << 2 * level;
}

/* Most frames have one word; a run has one more. */
static uint32_t words_of(unsigned level)
{
    return 2 * frames_of(level) + 4 * STACK_READS;
}

static size_t bytes_of(unsigned level)
{
    return sizeof(struct stack_room) + frames_of(level) * (sizeof(struct cached_frame) + 2 * sizeof(uint16_t)) +
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
    room->frames = (struct cached_frame *)(room + 1);
    room->words = (struct stack_word *)(room->frames + room->max_frames);
    room->index = (uint16_t *)(room->words + room->max_words);
    return room;
}

void stack_room_unmake(struct stack_room *room)
{
    memory_unmap(room, bytes_of(room->level));
}
