/* Whether a series rises and falls back, again and again. */
#ifndef LEAKTRACE_SERIES_SWING_H
#define LEAKTRACE_SERIES_SWING_H

#include <stddef.h>

struct statistics_point;

struct swing {
    size_t rises; /* that are large: beyond the noise, and a good part of the range of all values */
    size_t falls;
    double height; /* what counts as large */
};

void swing_find(const struct statistics_point *points, size_t n, struct swing *ret_swing);

#endif
