/*
 * A pprof profile in memory: profile.proto with its string indexes and ids resolved to pointers.
 *
 * All that a profile points to lives until profile_release(). Strings are never NULL; they end at their first NUL byte
 * and may hold any other bytes. Whatever the input is, reading it gives a consistent profile or one line that says why
 * not.
 */
#ifndef LEAKTRACE_PROFILE_PROFILE_H
#define LEAKTRACE_PROFILE_PROFILE_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct text;

/* Most bytes of a profile before and after decompression. */
#define PROFILE_BYTES_MAX (128ul << 20)
/* Most memory for the tables of all profiles at hand, and of what is made of them: with the bytes themselves, before and after
   decompression, less than 1 GB. A hostile file must not bring the machine down. */
#define PROFILE_MEMORY_MAX ((uint64_t)512 << 20)

struct profile_type {
    const char *type;
    const char *unit;
};

struct profile_mapping {
    uint64_t id;
    uint64_t start;
    uint64_t limit;
    uint64_t offset;
    const char *file;
    const char *build_id;
};

struct profile_function {
    uint64_t id;
    const char *name;
    const char *system_name;
    const char *file;
};

struct profile_line {
    const struct profile_function *function; /* never NULL */
    int64_t line;
};

struct profile_location {
    uint64_t id;
    uint64_t address;
    const struct profile_mapping *mapping; /* NULL: none */
    struct profile_line *lines;            /* the innermost inlined function first */
    size_t n_lines;
};

struct profile_label {
    const char *key;
    const char *value; /* empty for a number */
    int64_t number;
    const char *unit; /* of the number; may be empty */
};

struct profile_sample {
    const struct profile_location **stack; /* leaf first */
    size_t depth;
    int64_t *values; /* one for each type */
    struct profile_label *labels;
    size_t n_labels;
};

struct profile {
    struct profile_type *types;
    size_t n_types;
    struct profile_sample *samples;
    size_t n_samples;
    struct profile_mapping *mappings;
    size_t n_mappings;
    struct profile_location *locations;
    size_t n_locations;
    struct profile_function *functions;
    size_t n_functions;
    const char **comments;
    size_t n_comments;
    const char *default_type; /* empty: the last */
    struct profile_type period_type;
    int64_t period; /* mean distance of samples; 0: unknown */
    int64_t time_ns;
    int64_t duration_ns;
    struct arena arena;
};

/* Reads a profile, gzip or plain protobuf, of at most `bytes_max` bytes when decompressed. 0; or -EINVAL, -EFBIG (past
   `bytes_max`) or -ENOMEM with a line in `ret_why`, and then there is nothing to release. */
int profile_decode(const uint8_t *bytes, size_t len, size_t bytes_max, struct profile *ret_profile,
                   struct text *ret_why);
/* Reads a file; errors as above, and those of open and read. The line does not name the file. */
int profile_load(const char *path, struct profile *ret_profile, struct text *ret_why);
void profile_release(struct profile *profile);

#endif
