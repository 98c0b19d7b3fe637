/*
 * Made series of known truth, for scoring the verdicts of `leaktrace trend`.
 *
 * Each is irregular in time, has noise, and is told with the load that a dump would tell; about a third have restarts. The
 * same kind and seed give the same series on every machine.
 */
#ifndef LEAKTRACE_TESTS_MADE_SERIES_H
#define LEAKTRACE_TESTS_MADE_SERIES_H

#include "series/verdict.h"

#include <stddef.h>
#include <stdint.h>

#define MADE_POINTS_MAX 500

enum made_kind {
    MADE_LEAK_IN_NOISE,   /* traffic noise of ten times what leaks from dump to dump */
    MADE_CACHE,           /* fills, ever slower */
    MADE_SAWTOOTH,        /* emptied once a day */
    MADE_STEP,            /* one level, then another */
    MADE_SLOW_LEAK,       /* 0.1 % an hour */
    MADE_TRAFFIC,         /* follows a traffic with days, weeks, and a growth of its own */
    MADE_FLAT,            /* noise */
    MADE_FILLS_AND_ENDS,  /* straight up, then level */
    MADE_LEAK_BY_TRAFFIC, /* each request leaks, and traffic grows */
    MADE_LEAK_ON_TRAFFIC, /* a leak beside much that follows traffic */
    MADE_BEGINS,          /* level, then a leak */
    MADE_STAIRS,          /* a leak now and then, as at each reload */
    MADE_MAX,
};

struct made_series {
    struct verdict_point points[MADE_POINTS_MAX];
    size_t n;
    enum verdict_kind truth;
};

extern const char *const made_names[MADE_MAX];

void made_series_make(enum made_kind kind, uint64_t seed, struct made_series *ret_series);

#endif
