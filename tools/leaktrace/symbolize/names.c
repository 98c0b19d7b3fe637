/* The table of functions. Owns nothing; called by frames.c and symbolize.c. */
#include "symbolize/names.h"

#include "common.h"
#include "symbolize/demangle.h"

/* For base/table.h: the arena of the table in hand. */
#define TABLE_ARENA (names->arena)
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct names_entry {
    struct names_function function;
    UT_hash_handle hh;
    char key[];
};

static void fill(struct names *names, struct names_entry *entry, const char *linkage, const char *file)
{
    char name[DEMANGLE_MAX];

    entry->function = (struct names_function){
        .number = names->n++, .linkage = must_copy(names->arena, linkage), .file = must_copy(names->arena, file)};
    entry->function.name = demangle(linkage, name) ? must_copy(names->arena, name) : entry->function.linkage;
}

const struct names_function *names_intern(struct names *names, const char *linkage, const char *file)
{
    size_t linkage_len = strlen(linkage), len = linkage_len + 1 + strlen(file);
    char *key = must_grow(NULL, len + 1, 1);
    struct names_entry *entry;

    memcpy(key, linkage, linkage_len + 1);
    memcpy(key + linkage_len + 1, file, len - linkage_len);
    HASH_FIND(hh, names->entries, key, len, entry);
    if (entry == NULL) {
        entry = must_take(names->arena, sizeof(*entry) + len + 1);
        memcpy(entry->key, key, len + 1);
        fill(names, entry, linkage, file);
        HASH_ADD(hh, names->entries, key, len, entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    free(key);
    return &entry->function;
}
