/* Counting swings. Owns nothing; called by verdict.c. */
#include "series/swing.h"

#include "common.h"
#include "series/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define NOISE_HEIGHT 8    /* standard deviations */
#define RANGE_HEIGHT 0.4  /* of what lies between the 5th and the 95th percentile */
#define LEVEL_HEIGHT 0.05 /* of the median: less is nothing to speak of */

static double find_height(const struct statistics_point *points, size_t n)
{
    double *values = must_grow(NULL, n, sizeof(*values)), range, level;

    for (size_t i = 0; i < n; i++)
        values[i] = points[i].value;
    range = statistics_quantile(values, n, 0.95) - statistics_quantile(values, n, 0.05);
    level = statistics_median(values, n);
    free(values);
    return fmax(fmax(RANGE_HEIGHT * range, LEVEL_HEIGHT * fabs(level)), NOISE_HEIGHT * statistics_noise(points, n));
}

/* Follows one life: a swing is done once the value has come back from its end by the height. */
static void follow_life(const struct statistics_point *points, size_t n, struct swing *swing)
{
    double lowest = points[0].value, highest = points[0].value;
    int direction = 0;

    for (size_t i = 1; i < n; i++) {
        lowest = fmin(lowest, points[i].value);
        highest = fmax(highest, points[i].value);
        if (direction <= 0 && points[i].value - lowest >= swing->height && swing->height > 0) {
            swing->rises++;
            direction = 1;
            highest = points[i].value;
        } else if (direction >= 0 && highest - points[i].value >= swing->height && swing->height > 0) {
            swing->falls++;
            direction = -1;
            lowest = points[i].value;
        }
    }
}

void swing_find(const struct statistics_point *points, size_t n, struct swing *ret_swing)
{
    struct swing swing = {.height = find_height(points, n)};
    size_t end;

    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(points, n, start);
        follow_life(&points[start], end - start, &swing);
    }
    *ret_swing = swing;
}
