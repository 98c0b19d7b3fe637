/* The arena. Owns the chunks of each arena; its callers serialize. */
#include "base/arena.h"

#include "base/memory.h"
#include "base/scratch.h"

#include <stdint.h>
#include <string.h>

#define CHUNK_SIZE (64ul * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used; /* this header included */
    size_t unused;
};

static size_t aligned(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static bool add_chunk(struct arena *arena, size_t need)
{
    size_t size = need + sizeof(struct arena_chunk) > CHUNK_SIZE ? need + sizeof(struct arena_chunk) : CHUNK_SIZE;
    struct arena_chunk *chunk = arena->is_scratch ? scratch_take(size) : memory_map(size);

    if (chunk == NULL)
        return false;
    *chunk = (struct arena_chunk){.next = arena->chunks, .size = size, .used = sizeof(*chunk)};
    __atomic_store_n(&arena->chunks, chunk, __ATOMIC_RELEASE);
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t need = aligned(size);
    struct arena_chunk *chunk = arena->chunks;
    void *ptr;

    if (need < size || need > SIZE_MAX - CHUNK_SIZE)
        return NULL;
    if ((chunk == NULL || chunk->size - chunk->used < need) && !add_chunk(arena, need))
        return NULL;
    chunk = arena->chunks;
    ptr = (char *)chunk + chunk->used;
    chunk->used += need;
    return ptr;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
    void *ptr = arena_alloc(arena, new_size);

    if (ptr != NULL && old != NULL)
        memcpy(ptr, old, old_size);
    return ptr;
}

void arena_keep_ready(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunks;

    if ((chunk == NULL || chunk->size - chunk->used < size / 2) && add_chunk(arena, size))
        memset((char *)arena->chunks + arena->chunks->used, 0, arena->chunks->size - arena->chunks->used);
}

static void release_chunks(struct arena_chunk *chunk, bool is_scratch)
{
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;

        if (is_scratch)
            scratch_give(chunk, chunk->size);
        else
            memory_unmap(chunk, chunk->size);
        chunk = next;
    }
}

void arena_clear(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;

    if (chunk == NULL)
        return;
    release_chunks(chunk->next, arena->is_scratch);
    chunk->next = NULL;
    memset(chunk + 1, 0, chunk->used - sizeof(*chunk));
    chunk->used = sizeof(*chunk);
}

void arena_release(struct arena *arena)
{
    release_chunks(arena->chunks, arena->is_scratch);
    arena->chunks = NULL;
}
