/*
 * Robust statistics of a series that may be irregular in time and broken by restarts.
 *
 * A life is the time of one process. Values of different lives are never compared: a restart begins anew.
 */
#ifndef LEAKTRACE_SERIES_STATISTICS_H
#define LEAKTRACE_SERIES_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct statistics_point {
    double hours; /* since the first dump; never goes down */
    double value;
    size_t life; /* never goes down */
};

/* All three reorder the values; 0 when there are none. The spread is the standard deviation as the median deviation from
   the median tells it, which a minority of outliers does not change. */
double statistics_quantile(double *values, size_t n, double fraction);
double statistics_median(double *values, size_t n);
double statistics_spread(double *values, size_t n);

struct statistics_trend {
    double per_hour; /* Theil and Sen: the median slope of all pairs */
    double z;        /* Mann and Kendall: by how many standard deviations pairs rise more often than they fall */
    bool every_pair_rises;
};

/* Over all pairs within a life, of which there are n * (n - 1) / 2 at most. */
void statistics_find_trend(const struct statistics_point *points, size_t n, struct statistics_trend *ret_trend);

/* How much one value differs from the next beyond the trend: the standard deviation of the noise, if each point has its
   own. */
double statistics_noise(const struct statistics_point *points, size_t n);
/* Replaces what is far from its four neighbours (Hampel's filter) by their median. */
void statistics_clean(struct statistics_point *points, size_t n);
/* Makes at most about `n_max` points of them, each the median of neighbours in one life. Returns how many. */
size_t statistics_thin(struct statistics_point *points, size_t n, size_t n_max);

/* One past the last point of the life that begins at `start`. */
size_t statistics_life_end(const struct statistics_point *points, size_t n, size_t start);

#endif
