/* The part of the load. Owns nothing; called by verdict.c. */
#include "series/load.h"

#include "common.h"
#include "series/statistics.h"
#include "series/verdict.h"

#include <math.h>
#include <stdlib.h>

#define POINTS_MIN 8
#define LOAD_VARIES 0.01 /* its standard deviation beside its trend, as a part of its level */

/* Sums of products of time, value and load about their means in each life. */
struct products {
    double tt, ty, tl, yy, yl, ll;
};

/* Adds a life; points without a load are left out. Returns how many had one. */
static size_t add_life(const struct verdict_point *points, const struct statistics_point *values, size_t n,
                       struct products *sum)
{
    double hours = 0, value = 0, load = 0;
    size_t n_known = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(points[i].load)) {
            hours += points[i].hours;
            value += values[i].value;
            load += points[i].load;
            n_known++;
        }
    for (size_t i = 0; i < n; i++)
        if (!isnan(points[i].load)) {
            double t = points[i].hours - hours / (double)n_known, y = values[i].value - value / (double)n_known,
                   l = points[i].load - load / (double)n_known;

            sum->tt += t * t;
            sum->ty += t * y;
            sum->tl += t * l;
            sum->yy += y * y;
            sum->yl += y * l;
            sum->ll += l * l;
        }
    return n_known;
}

static void measure_load(const struct verdict_point *points, size_t n, struct load_share *share)
{
    double *loads = must_grow(NULL, n, sizeof(*loads));
    size_t n_known = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(points[i].load))
            loads[n_known++] = points[i].load;
    share->median = statistics_median(loads, n_known);
    share->range = statistics_quantile(loads, n_known, 0.95) - statistics_quantile(loads, n_known, 0.05);
    free(loads);
}

void load_find_share(const struct verdict_point *points, const struct statistics_point *values, size_t n,
                     struct load_share *ret_share)
{
    struct load_share share = {.correlation = NAN};
    struct products sum = {0};
    size_t n_known = 0, end;
    double yy, yl, ll;

    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(values, n, start);
        n_known += add_life(&points[start], &values[start], end - start, &sum);
    }
    measure_load(points, n, &share);
    if (n_known >= POINTS_MIN && sum.tt > 0) {
        yy = sum.yy - sum.ty * sum.ty / sum.tt;
        yl = sum.yl - sum.ty * sum.tl / sum.tt;
        ll = sum.ll - sum.tl * sum.tl / sum.tt;
        if (yy > 0 && ll > 0 && sqrt(ll / (double)n_known) > LOAD_VARIES * fabs(share.median)) {
            share.correlation = yl / sqrt(yy * ll);
            share.per_load = yl / ll;
        }
    }
    *ret_share = share;
}
