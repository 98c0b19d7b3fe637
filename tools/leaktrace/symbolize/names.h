/* Functions by name and source file, each once, demangled. */
#ifndef LEAKTRACE_SYMBOLIZE_NAMES_H
#define LEAKTRACE_SYMBOLIZE_NAMES_H

#include <stddef.h>

struct arena;
struct names_entry;

struct names_function {
    size_t number;       /* from 0, in the order in which they were met */
    const char *name;    /* for people */
    const char *linkage; /* for the linker */
    const char *file;    /* of the source; empty: unknown */
};

struct names {
    struct arena *arena; /* where all of it lives */
    struct names_entry *entries;
    size_t n;
};

const struct names_function *names_intern(struct names *names, const char *linkage, const char *file);

#endif
