/*
 * The places in code that the stacks of one dump run through, each once, with the names that people know them by.
 *
 * The profiles of a dump number their locations on their own; a place is what they agree on: the same address of the
 * same module, or the same functions where there are no addresses. Places point into the profiles.
 */
#ifndef LEAKTRACE_VIEW_PLACES_H
#define LEAKTRACE_VIEW_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct profile_location;

struct places_frame {
    const char *function; /* demangled; module+0xOFFSET where there is no name */
    const char *symbol;   /* as the linker knows it; empty: unknown */
    const char *module;   /* path; empty: unknown */
    const char *file;     /* of the source; empty: unknown */
    int64_t line;
    uint64_t offset;  /* in the module's file; 0: unknown */
    bool is_system;   /* in a library of the system */
    bool is_plumbing; /* there, or part of a language's own library: nobody's leak begins in it */
};

struct places_place {
    const struct places_frame *frames; /* more than one where functions were inlined, the innermost first */
    size_t n_frames;
};

struct places_table;

/* A table that lives in `arena`, with its places. */
struct places_table *places_new(struct arena *arena);
const struct places_place *places_intern(struct places_table *places, const struct profile_location *location);
/* Which of the frames of a stack, leaf first, is the first one of the user's own code; when none is, the first one that is not
   of the C or C++ runtime, else 0. */
size_t places_headline(const struct places_frame *const *frames, size_t n);
/* The last part of a path. */
const char *places_base_name(const char *path);

#endif
