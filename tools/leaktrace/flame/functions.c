/* The table of functions of a flame graph. Owns it; called by tree.c. */
#include "flame/functions.h"

#include "common.h"
#include "view/places.h"

#define TABLE_ARENA (functions->arena)
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct flame_functions_entry {
    size_t at;
    UT_hash_handle hh;
    char key[];
};

/* Paths differ from machine to machine; the names of files do not. */
static char *make_key(const struct places_frame *frame)
{
    return must_format("%s\n%s\n%s", frame->function, places_base_name(frame->module), places_base_name(frame->file));
}

static size_t add_row(struct flame_functions *functions, const struct places_frame *frame)
{
    size_t n = functions->n;

    /* Doubled at each power of two. */
    if ((n & (n - 1)) == 0) {
        functions->rows = arena_grow(functions->arena, functions->rows, n * sizeof(*functions->rows),
                                     (n == 0 ? 1 : 2 * n) * sizeof(*functions->rows));
        if (functions->rows == NULL)
            must_end();
    }
    functions->rows[n] = (struct flame_function){
        .name = frame->function, .module = frame->module, .file = frame->file, .is_plumbing = frame->is_plumbing};
    return functions->n++;
}

size_t flame_functions_intern(struct flame_functions *functions, const struct places_frame *frame)
{
    char *key = make_key(frame);
    size_t len = strlen(key);
    struct flame_functions_entry *entry;

    HASH_FIND(hh, functions->entries, key, len, entry);
    if (entry == NULL) {
        entry = must_take(functions->arena, sizeof(*entry) + len + 1);
        entry->at = add_row(functions, frame);
        memcpy(entry->key, key, len + 1);
        HASH_ADD(hh, functions->entries, key, len, entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    free(key);
    return entry->at;
}
