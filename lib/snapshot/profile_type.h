/* The profiles that a dump consists of: their names and sample types, fixed for ever (readers refuse to compare others). */
#ifndef LEAKTRACE_SNAPSHOT_PROFILE_TYPE_H
#define LEAKTRACE_SNAPSHOT_PROFILE_TYPE_H

#include "store/kind.h"

#include <stdbool.h>

#define PROFILE_VALUES_MAX 4

enum profile_id {
    PROFILE_HEAP,
    PROFILE_HEAP_GROWTH,
    PROFILE_HEAP_LEAK,
    PROFILE_FD,
    PROFILE_FD_GROWTH,
    PROFILE_THREAD,
    PROFILE_THREAD_GROWTH,
    PROFILE_MAX
};

struct value_type {
    const char *type;
    const char *unit;
};

struct profile_type {
    const char *name; /* in file names */
    enum kind kind;
    bool growth; /* only what was acquired after the mark */
    bool leak;   /* by what can still be reached; only where that was looked for */
    struct value_type period;
    unsigned first_value; /* of a row, that this profile shows */
    unsigned n_values;
    struct value_type values[PROFILE_VALUES_MAX]; /* the last is the default one */
};

extern const struct profile_type profile_types[PROFILE_MAX];

#endif
