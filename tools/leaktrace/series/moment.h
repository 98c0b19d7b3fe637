/*
 * One dump among several: its profiles go into the sites, and what it says about itself into a moment.
 *
 * Profiles of growth are left out: what has grown between two dumps is seen from the dumps.
 */
#ifndef LEAKTRACE_SERIES_MOMENT_H
#define LEAKTRACE_SERIES_MOMENT_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct sites;
struct source_set;

struct moment {
    const char *program; /* its command line, or its name; empty: unknown */
    int pid;             /* 0: unknown */
    const char *seq;     /* empty: unknown */
    int64_t time_ns;     /* since 1970; 0: unknown */
    int64_t duration_ns; /* from the start of tracing; 0: unknown */
    int64_t dropped;     /* events */
    int64_t truncated;   /* stacks */
    int64_t memory;      /* bytes resident; 0: unknown, here and below */
    int64_t memory_limit;
    int64_t fd_limit;
    int64_t thread_limit;
    size_t n_profiles; /* that were read */
};

/* Reads all files of a set, or only those of one kind (NULL: all), as the dump with that number. Strings are copied into
   the arena of `sites`. Returns how many files could not be read; each of them has been complained about. */
unsigned moment_read(const struct source_set *set, const char *only_kind, struct sites *sites, size_t dump,
                     struct moment *ret_moment);

#endif
