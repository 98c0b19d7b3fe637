/*
 * A growing region of memory, given back as a whole.
 *
 * Each owner has its own: one for what lives as long as the process (sites, thread states), one for each dump. An arena is
 * used under its owner's lock or by one thread; it has none of its own. A copy of the memory at any instant (fork) is valid.
 */
#ifndef LEAKTRACE_BASE_ARENA_H
#define LEAKTRACE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    bool is_scratch; /* its memory is that of dumps (base/scratch) */
};

/* `size` zeroed bytes, aligned to 16; NULL when leaktrace may use no more memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of the first `len` bytes of `text`, with a NUL behind; NULL as above. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/* Makes room for `new_size` where `old` (may be NULL) had `old_size`; what was there is copied. The old room stays taken. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);
/* Makes sure of at least half of `size` bytes that need no new memory, as far as there is some now. */
void arena_keep_ready(struct arena *arena, size_t size);
/* Empties it and keeps what it took last, so that the next to use it may need no new memory. */
void arena_clear(struct arena *arena);
/* Gives all of it back; the arena is then empty and can be used again. */
void arena_release(struct arena *arena);

#endif
