/* The pool of locations. Owns nothing; called by gate/leak. */
#include "gate/pool.h"

#include "common.h"
#include "symbolize/symbolize.h"

/* For base/table.h: every function that adds to a table has the pool at hand under this name. */
#define TABLE_ARENA (&pool->profile.arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool_mapping {
    struct profile_mapping mapping; /* as it was met first */
    size_t at;
    UT_hash_handle hh;
    char key[];
};

struct pool_entry {
    uint32_t number;
    const struct pool_mapping *mapping; /* NULL: none */
    uint64_t address;                   /* as if its module were where `mapping` is */
    struct profile_function *functions; /* the innermost first */
    int64_t *lines;
    size_t n_lines;
    UT_hash_handle hh;
    char key[];
};

static FILE *open_key(char **key, size_t *len)
{
    FILE *out = open_memstream(key, len);

    if (out == NULL)
        must_end();
    return out;
}

static void close_key(FILE *out)
{
    if (fclose(out) != 0)
        must_end();
}

static const struct pool_mapping *intern_mapping(struct pool *pool, const struct profile_mapping *mapping)
{
    struct arena *arena = &pool->profile.arena;
    struct pool_mapping *pooled;
    size_t len;
    char *key;
    FILE *out = open_key(&key, &len);

    fprintf(out, "%s\n%s\n%" PRIx64, mapping->file, mapping->build_id, mapping->offset);
    close_key(out);
    HASH_FIND(hh, pool->mappings, key, len, pooled);
    if (pooled == NULL) {
        pooled = must_take(arena, sizeof(*pooled) + len + 1);
        memcpy(pooled->key, key, len);
        pooled->mapping = *mapping;
        pooled->mapping.file = must_copy(arena, mapping->file);
        pooled->mapping.build_id = must_copy(arena, mapping->build_id);
        pooled->at = HASH_COUNT(pool->mappings);
        pooled->mapping.id = pooled->at + 1;
        HASH_ADD(hh, pool->mappings, key, len, pooled);
        if (!TABLE_ADDED(pooled))
            must_end();
    }
    free(key);
    return pooled;
}

/* The lines count where the module does not say all: without one, or with several versions of the code at one address. */
static char *make_key(const struct pool_mapping *mapping, uint64_t offset, const struct profile_location *location,
                      size_t *ret_len)
{
    char *key;
    FILE *out = open_key(&key, ret_len);

    fprintf(out, "%zu %" PRIx64, mapping == NULL ? 0 : mapping->at + 1, offset);
    for (size_t i = 0; i < location->n_lines; i++)
        fprintf(out, "\n%s\n%" PRId64, location->lines[i].function->name, location->lines[i].line);
    close_key(out);
    return key;
}

static void copy_lines(struct pool *pool, struct pool_entry *entry, const struct profile_location *location)
{
    struct arena *arena = &pool->profile.arena;

    entry->n_lines = location->n_lines;
    entry->functions = must_take(arena, location->n_lines * sizeof(*entry->functions));
    entry->lines = must_take(arena, location->n_lines * sizeof(*entry->lines));
    for (size_t i = 0; i < location->n_lines; i++) {
        const struct profile_function *function = location->lines[i].function;

        entry->functions[i] = (struct profile_function){.name = must_copy(arena, function->name),
                                                        .system_name = must_copy(arena, function->system_name),
                                                        .file = must_copy(arena, function->file)};
        entry->lines[i] = location->lines[i].line;
    }
    pool->n_lines += location->n_lines;
}

uint32_t pool_intern(struct pool *pool, const struct profile_location *location)
{
    const struct pool_mapping *mapping = location->mapping == NULL ? NULL : intern_mapping(pool, location->mapping);
    uint64_t offset = location->address - (mapping == NULL ? 0 : location->mapping->start);
    struct pool_entry *entry;
    size_t len;
    char *key = make_key(mapping, offset, location, &len);

    HASH_FIND(hh, pool->entries, key, len, entry);
    if (entry == NULL) {
        entry = must_take(&pool->profile.arena, sizeof(*entry) + len + 1);
        memcpy(entry->key, key, len);
        entry->number = HASH_COUNT(pool->entries);
        entry->mapping = mapping;
        entry->address = location->address == 0 || mapping == NULL ? location->address : offset + mapping->mapping.start;
        copy_lines(pool, entry, location);
        HASH_ADD(hh, pool->entries, key, len, entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    free(key);
    return entry->number;
}

static void fill_location(struct profile *profile, const struct pool_entry *entry)
{
    struct profile_location *location = &profile->locations[entry->number];

    *location = (struct profile_location){.id = entry->number + 1, .address = entry->address};
    if (entry->mapping != NULL)
        location->mapping = &profile->mappings[entry->mapping->at];
    location->n_lines = entry->n_lines;
    location->lines = must_take(&profile->arena, entry->n_lines * sizeof(*location->lines));
    for (size_t i = 0; i < entry->n_lines; i++) {
        struct profile_function *function = &profile->functions[profile->n_functions++];

        *function = entry->functions[i];
        function->id = profile->n_functions;
        location->lines[i] = (struct profile_line){.function = function, .line = entry->lines[i]};
    }
}

void pool_finish(struct pool *pool, const struct symbolize_options *symbols)
{
    struct profile *profile = &pool->profile;
    struct arena *arena = &profile->arena;

    profile->default_type = "";
    profile->n_mappings = HASH_COUNT(pool->mappings);
    profile->n_locations = HASH_COUNT(pool->entries);
    profile->mappings = must_take(arena, profile->n_mappings * sizeof(*profile->mappings));
    profile->locations = must_take(arena, profile->n_locations * sizeof(*profile->locations));
    profile->functions = must_take(arena, pool->n_lines * sizeof(*profile->functions));
    for (const struct pool_mapping *mapping = pool->mappings; mapping != NULL; mapping = mapping->hh.next)
        profile->mappings[mapping->at] = mapping->mapping;
    for (const struct pool_entry *entry = pool->entries; entry != NULL; entry = entry->hh.next)
        fill_location(profile, entry);
    if (symbols != NULL && profile->n_locations > 0)
        symbolize_profiles(profile, 1, symbols);
}

void pool_release(struct pool *pool)
{
    arena_release(&pool->profile.arena);
}
