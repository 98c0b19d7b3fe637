/* The places of a dump. Owns the table; called by ranking.c. */
#include "view/places.h"

#include "common.h"
#include "profile/profile.h"
#include "symbolize/demangle.h"

/* For base/table.h: the arena of the table in hand. */
#define TABLE_ARENA (places->arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct places_place place;
    UT_hash_handle hh;
    char key[];
};

struct places_table {
    struct arena *arena;
    struct entry *entries;
};

struct places_table *places_new(struct arena *arena)
{
    struct places_table *places = must_take(arena, sizeof(*places));

    places->arena = arena;
    return places;
}

const char *places_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static bool is_system_library(const char *module)
{
    const char *name = places_base_name(module);

    if (strcmp(module, "[vdso]") == 0)
        return true;
    return (begins_with(module, "/lib") || begins_with(module, "/usr/lib")) && strstr(name, ".so") != NULL;
}

static bool is_language_library(const char *function)
{
    static const char *const prefixes[] = {"operator new", "std::",   "__gnu_cxx::", "alloc::", "<alloc::", "core::ops::",
                                           "core::iter::", "<core::", "__rust_",     "__rdl_",  "runtime."};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (begins_with(function, prefixes[i]))
            return true;
    return false;
}

/* Templates and generics of a language's library are compiled into the program. */
static bool is_language_source(const char *file)
{
    return begins_with(file, "/usr/include/c++/") || begins_with(file, "/rustc/");
}

/* Libraries that every program runs through. */
static bool is_runtime(const char *module)
{
    static const char *const prefixes[] = {"libc.so",       "libstdc++.so", "libgcc_s.so", "ld-linux",
                                           "libpthread.so", "libm.so",      "[vdso]"};
    const char *name = places_base_name(module);

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (begins_with(name, prefixes[i]))
            return true;
    return false;
}

/* What makes two locations of different profiles the same place; malloc'ed. */
static char *make_key(const struct profile_location *location, size_t *ret_len)
{
    const struct profile_mapping *mapping = location->mapping;
    char *key = NULL;
    FILE *out = open_memstream(&key, ret_len);

    if (out == NULL)
        must_end();
    if (mapping != NULL)
        fprintf(out, "%s\n%s\n", mapping->file, mapping->build_id);
    fprintf(out, "%" PRIx64, location->address);
    for (size_t i = 0; location->address == 0 && i < location->n_lines; i++)
        fprintf(out, "\n%s\n%" PRId64, location->lines[i].function->name, location->lines[i].line);
    if (fclose(out) != 0)
        must_end();
    return key;
}

static const char *name_address(const struct places_table *places, const struct profile_location *location)
{
    const struct profile_mapping *mapping = location->mapping;
    char name[512];

    if (mapping == NULL || mapping->file[0] == '\0')
        snprintf(name, sizeof(name), "0x%" PRIx64, location->address);
    else
        snprintf(name, sizeof(name), "%s+0x%" PRIx64, places_base_name(mapping->file),
                 location->address - mapping->start + mapping->offset);
    return must_copy(places->arena, name);
}

static const char *name_function(const struct places_table *places, const struct profile_function *function)
{
    char name[DEMANGLE_MAX];

    if (demangle(function->name, name) || (function->name[0] == '\0' && demangle(function->system_name, name)))
        return must_copy(places->arena, name);
    return function->name[0] == '\0' ? function->system_name : function->name;
}

static void fill_frame(const struct places_table *places, const struct profile_location *location, size_t at,
                       struct places_frame *ret_frame)
{
    const struct profile_line *line = at < location->n_lines ? &location->lines[at] : NULL;
    struct places_frame frame = {.file = "", .function = "", .symbol = ""};

    frame.module = location->mapping == NULL ? "" : must_copy(places->arena, location->mapping->file);
    if (location->mapping != NULL && location->address != 0)
        frame.offset = location->address - location->mapping->start + location->mapping->offset;
    if (line != NULL) {
        const struct profile_function *function = line->function;

        frame.function = name_function(places, function);
        frame.symbol = function->system_name[0] == '\0' ? function->name : function->system_name;
        frame.file = function->file;
        frame.line = line->line;
    }
    if (frame.function[0] == '\0')
        frame.function = name_address(places, location);
    frame.is_system = is_system_library(frame.module);
    frame.is_plumbing = frame.is_system || is_language_library(frame.function) || is_language_source(frame.file);
    *ret_frame = frame;
}

const struct places_place *places_intern(struct places_table *places, const struct profile_location *location)
{
    size_t n = location->n_lines == 0 ? 1 : location->n_lines;
    size_t len;
    char *key = make_key(location, &len);
    struct places_frame *frames;
    struct entry *entry;

    HASH_FIND(hh, places->entries, key, len, entry);
    if (entry == NULL) {
        frames = must_take(places->arena, n * sizeof(*frames));
        for (size_t i = 0; i < n; i++)
            fill_frame(places, location, i, &frames[i]);
        entry = must_take(places->arena, sizeof(*entry) + len + 1);
        entry->place = (struct places_place){.frames = frames, .n_frames = n};
        memcpy(entry->key, key, len + 1);
        HASH_ADD(hh, places->entries, key, len, entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    free(key);
    return &entry->place;
}

size_t places_headline(const struct places_frame *const *frames, size_t n)
{
    size_t at = 0;

    while (at < n && frames[at]->is_plumbing)
        at++;
    if (at < n)
        return at;
    for (at = 0; at < n && is_runtime(frames[at]->module); at++)
        ;
    return at < n ? at : 0;
}
