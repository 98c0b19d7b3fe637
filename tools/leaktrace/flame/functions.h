/*
 * The functions of a flame graph, each once, by name, module and source file: what a frame is when addresses and lines
 * do not count. So the dumps of two builds, or of two processes, come together.
 */
#ifndef LEAKTRACE_FLAME_FUNCTIONS_H
#define LEAKTRACE_FLAME_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct places_frame;

struct flame_function {
    const char *name;
    const char *module; /* path; empty: unknown */
    const char *file;   /* of the source; empty: unknown */
    bool is_plumbing;   /* as places_frame's */
};

struct flame_functions {
    struct arena *arena; /* that all of it lives in */
    struct flame_function *rows;
    size_t n;
    struct flame_functions_entry *entries;
};

/* The place of a frame's function in `rows`. Strings are kept, not copied. */
size_t flame_functions_intern(struct flame_functions *functions, const struct places_frame *frame);

#endif
