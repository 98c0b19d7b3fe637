/*
 * What becomes of one site: whether it grows, and whether by itself or with the load. lib/decisions/0012 says how it is
 * decided, and why so.
 */
#ifndef LEAKTRACE_SERIES_VERDICT_H
#define LEAKTRACE_SERIES_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum verdict_kind {
    VERDICT_GROWING,    /* it rises and shows no end of it */
    VERDICT_SATURATING, /* it rises ever slower towards a level */
    VERDICT_UNCLEAR,    /* too few dumps to tell */
    VERDICT_SAWTOOTH,   /* it rises and falls back, again and again */
    VERDICT_LOAD,       /* it follows the load, and nothing else */
    VERDICT_STOPPED,    /* it has risen, and no longer does */
    VERDICT_FLAT,
    VERDICT_FALLING,
    VERDICT_MAX,
};

/* As they are written. */
extern const char *const verdict_names[VERDICT_MAX];

struct verdict_point {
    double hours; /* since the first dump; never goes down */
    double value; /* what was live */
    double load;  /* allocations per second since the dump before; NAN when not known */
    size_t life;  /* which process: a restart begins the next; never goes down */
};

struct verdict {
    enum verdict_kind kind;
    double per_hour;         /* now: of a saturating site what is left of its rate; 0 where there is no trend */
    double level;            /* of a saturating site: where it ends */
    double since_hours;      /* when it began to rise or had risen, where that shows; else NAN */
    double load_correlation; /* with the load, apart from what both have of a trend: -1 to 1; NAN when not known */
    double z;                /* Mann and Kendall's, corrected for autocorrelation */
};

void verdict_judge(const struct verdict_point *points, size_t n, struct verdict *ret_verdict);

#endif
