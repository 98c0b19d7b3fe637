/* Places over several dumps. Owns the table; called by sites.c. */
#include "series/identity.h"

#include "common.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"
#include "view/places.h"

/* For base/table.h: the arena of the table in hand. */
#define TABLE_ARENA (table->arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct build {
    size_t n_dumps;
    size_t last_dump; /* counted from 1 */
    UT_hash_handle hh;
    char id[];
};

struct place {
    struct identity_place place;    /* first: callers hold pointers to it */
    struct build *build;            /* NULL: unknown */
    struct profile_mapping mapping; /* file empty: none */
    uint64_t address;
    bool is_named;
    struct place *newest;   /* in `named`: of those with that name */
    UT_hash_handle hh;      /* in `exact` */
    UT_hash_handle by_name; /* in `named` */
    const char *name;
    char key[];
};

struct identity_table {
    struct arena *arena;
    struct build *builds;
    struct place *exact;
    struct place *named;
};

struct identity_table *identity_new(struct arena *arena)
{
    struct identity_table *table = must_take(arena, sizeof(*table));

    table->arena = arena;
    return table;
}

/* The length of a function's name without what compilers add to clones of it. */
static int name_length(const char *name)
{
    static const char *const suffixes[] = {" [clone", ".part.", ".constprop.", ".isra.", ".cold", ".lto_priv.", ".llvm."};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const char *at = strstr(name, suffixes[i]);

        if (at != NULL && at != name && (size_t)(at - name) < len)
            len = (size_t)(at - name);
    }
    return (int)len;
}

static bool is_named(const struct profile_location *location)
{
    for (size_t i = 0; i < location->n_lines; i++)
        if (location->lines[i].function->name[0] == '\0' && location->lines[i].function->system_name[0] == '\0')
            return false;
    return location->n_lines > 0;
}

/* Functions and source files; malloc'ed. */
static char *make_name(const struct places_place *named)
{
    char *name = NULL;
    size_t len;
    FILE *out = open_memstream(&name, &len);

    if (out == NULL)
        must_end();
    for (size_t i = 0; i < named->n_frames; i++)
        fprintf(out, "%.*s\n%s\n", name_length(named->frames[i].function), named->frames[i].function,
                places_base_name(named->frames[i].file));
    if (fclose(out) != 0)
        must_end();
    return name;
}

/* What is the same only where the place is: the name, and where it lies in which build; malloc'ed. */
static char *make_key(const struct profile_location *location, const char *name)
{
    const struct profile_mapping *mapping = location->mapping;

    if (mapping == NULL || (mapping->build_id[0] == '\0' && is_named(location)))
        return location->mapping == NULL && !is_named(location) ? must_format("%s%" PRIx64, name, location->address)
                                                                : must_format("%s", name);
    return must_format("%s%s\n%s\n%" PRIx64, name, places_base_name(mapping->file), mapping->build_id,
                       location->address - mapping->start + mapping->offset);
}

static struct build *find_build(struct identity_table *table, const struct profile_location *location)
{
    struct build *build;
    const char *id = location->mapping == NULL ? "" : location->mapping->build_id;
    size_t len = strlen(id);

    if (len == 0)
        return NULL;
    HASH_FIND(hh, table->builds, id, len, build);
    if (build == NULL) {
        build = must_take(table->arena, sizeof(*build) + len + 1);
        memcpy(build->id, id, len + 1);
        HASH_ADD(hh, table->builds, id, len, build);
        if (!TABLE_ADDED(build))
            must_end();
    }
    return build;
}

static struct places_frame *copy_frames(struct arena *arena, const struct places_place *named)
{
    struct places_frame *frames = must_take(arena, named->n_frames * sizeof(*frames));

    for (size_t i = 0; i < named->n_frames; i++) {
        frames[i] = named->frames[i];
        frames[i].function = must_copy(arena, frames[i].function);
        frames[i].symbol = must_copy(arena, frames[i].symbol);
        frames[i].module = must_copy(arena, frames[i].module);
        frames[i].file = must_copy(arena, frames[i].file);
    }
    return frames;
}

static struct profile_mapping copy_mapping(struct arena *arena, const struct profile_mapping *mapping)
{
    struct profile_mapping copy = {.file = "", .build_id = ""};

    if (mapping != NULL) {
        copy = *mapping;
        copy.file = must_copy(arena, mapping->file);
        copy.build_id = must_copy(arena, mapping->build_id);
    }
    return copy;
}

static struct place *add_place(struct identity_table *table, const struct profile_location *location,
                               const struct places_place *named, const char *name, const char *key)
{
    size_t len = strlen(key);
    struct place *place = must_take(table->arena, sizeof(*place) + len + 1);

    place->place.frames = copy_frames(table->arena, named);
    place->place.n_frames = named->n_frames;
    place->place.same_as = &place->place;
    place->build = find_build(table, location);
    place->address = location->address;
    place->mapping = copy_mapping(table->arena, location->mapping);
    place->is_named = is_named(location);
    place->name = must_copy(table->arena, name);
    memcpy(place->key, key, len + 1);
    HASH_ADD(hh, table->exact, key, len, place);
    if (!TABLE_ADDED(place))
        must_end();
    return place;
}

const struct identity_place *identity_intern(struct identity_table *table, const struct profile_location *location,
                                             const struct places_place *named, size_t dump)
{
    char *name = make_name(named), *key = make_key(location, name);
    struct place *place;

    HASH_FIND(hh, table->exact, key, strlen(key), place);
    if (place == NULL)
        place = add_place(table, location, named, name, key);
    if (place->build != NULL && place->build->last_dump != dump + 1) {
        place->build->last_dump = dump + 1;
        place->build->n_dumps++;
    }
    free(key);
    free(name);
    return &place->place;
}

/* Whether the place is known by its name alone. */
static bool goes_by_name(const struct place *place, size_t n_dumps)
{
    return place->is_named && place->build != NULL && place->build->n_dumps != n_dumps;
}

void identity_settle(struct identity_table *table, size_t n_dumps)
{
    struct place *place, *first;

    for (place = table->exact; place != NULL; place = place->hh.next) {
        size_t len = strlen(place->name);

        if (!goes_by_name(place, n_dumps))
            continue;
        HASH_FIND(by_name, table->named, place->name, len, first);
        if (first == NULL) {
            HASH_ADD_KEYPTR(by_name, table->named, place->name, len, place);
            if (place->by_name.tbl == NULL)
                must_end();
            first = place;
        }
        first->newest = place;
    }
    for (place = table->exact; place != NULL; place = place->hh.next) {
        if (!goes_by_name(place, n_dumps))
            continue;
        HASH_FIND(by_name, table->named, place->name, strlen(place->name), first);
        place->place.same_as = &first->newest->place;
    }
}

/* Writes a place back as the location of a profile, with a function for each of its frames. */
static void write_location(const struct place *place, struct profile *profile, struct profile_line *lines)
{
    struct profile_location *location = &profile->locations[profile->n_locations++];
    struct profile_mapping *mapping = &profile->mappings[profile->n_mappings++];

    *mapping = place->mapping;
    mapping->id = profile->n_mappings;
    *location =
        (struct profile_location){.id = profile->n_locations, .address = place->address, .mapping = mapping, .lines = lines};
    for (size_t i = 0; i < place->place.n_frames && place->is_named; i++) {
        const struct places_frame *frame = &place->place.frames[i];
        struct profile_function *function = &profile->functions[profile->n_functions++];

        *function = (struct profile_function){
            .id = profile->n_functions, .name = frame->function, .system_name = frame->symbol, .file = frame->file};
        lines[location->n_lines++] = (struct profile_line){function, frame->line};
    }
}

/* A profile of these places and nothing else, in the arena of its own. */
static struct profile write_profile(const struct identity_place *const *places, size_t n)
{
    struct profile profile = {.default_type = ""};
    struct profile_line *lines;
    size_t n_frames = 0, at = 0;

    for (size_t i = 0; i < n; i++)
        n_frames += places[i]->n_frames;
    profile.locations = must_take(&profile.arena, n * sizeof(*profile.locations));
    profile.mappings = must_take(&profile.arena, n * sizeof(*profile.mappings));
    profile.functions = must_take(&profile.arena, n_frames * sizeof(*profile.functions));
    lines = must_take(&profile.arena, n_frames * sizeof(*lines));
    for (size_t i = 0; i < n; i++) {
        write_location((const struct place *)places[i], &profile, &lines[at]);
        at += places[i]->n_frames;
    }
    return profile;
}

void identity_symbolize(struct identity_table *table, const struct identity_place *const *places, size_t n,
                        const struct symbolize_options *options)
{
    struct profile profile = write_profile(places, n);
    struct places_table *names = places_new(&profile.arena);

    symbolize_profiles(&profile, 1, options);
    for (size_t i = 0; i < n; i++) {
        struct place *place = (struct place *)(uintptr_t)places[i];
        const struct places_place *named = places_intern(names, &profile.locations[i]);

        place->place.frames = copy_frames(table->arena, named);
        place->place.n_frames = named->n_frames;
    }
    profile_release(&profile);
}
