/* How much of a series the load explains. */
#ifndef LEAKTRACE_SERIES_LOAD_H
#define LEAKTRACE_SERIES_LOAD_H

#include <stddef.h>

struct statistics_point;
struct verdict_point;

struct load_share {
    double correlation; /* of value and load, apart from what each has of a trend in time; NAN when not known */
    double per_load;    /* value for one unit of load, beside that trend */
    double median;      /* of the load */
    double range;       /* of the load, without its highest and lowest 5 % */
};

/* Regresses `values` on time and load at once, with a level for each life; loads and lives are those of `points`. */
void load_find_share(const struct verdict_point *points, const struct statistics_point *values, size_t n,
                     struct load_share *ret_share);

#endif
