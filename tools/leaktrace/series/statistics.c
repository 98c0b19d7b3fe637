/* Robust statistics. Owns nothing; called by verdict.c, shape.c and swing.c. */
#include "series/statistics.h"

#include "common.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NORMAL_PER_MEDIAN_DEVIATION 1.4826
#define NEIGHBOURS 2 /* on each side */
#define FAR_AWAY 5   /* standard deviations of the noise */
#define FAR_STEPS 3

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void swap(double *a, double *b)
{
    double kept = *a;

    *a = *b;
    *b = kept;
}

/* The k-th smallest comes to its place, smaller ones before it and larger ones behind. */
static double select_kth(double *values, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;

    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        size_t less = low, more = high, i = low;

        while (i <= more) {
            if (values[i] < pivot)
                swap(&values[less++], &values[i++]);
            else if (values[i] > pivot)
                swap(&values[i], &values[more--]);
            else
                i++;
        }
        if (k >= less && k <= more)
            break;
        if (k < less)
            high = less - 1;
        else
            low = more + 1;
    }
    return values[k];
}

double statistics_quantile(double *values, size_t n, double fraction)
{
    return n == 0 ? 0 : select_kth(values, n, (size_t)(fraction * (double)(n - 1) + 0.5));
}

double statistics_median(double *values, size_t n)
{
    double upper;

    if (n == 0)
        return 0;
    upper = select_kth(values, n, n / 2);
    return n % 2 == 1 ? upper : (select_kth(values, n / 2, n / 2 - 1) + upper) / 2;
}

double statistics_spread(double *values, size_t n)
{
    double median = statistics_median(values, n);

    for (size_t i = 0; i < n; i++)
        values[i] = fabs(values[i] - median);
    return NORMAL_PER_MEDIAN_DEVIATION * statistics_median(values, n);
}

size_t statistics_life_end(const struct statistics_point *points, size_t n, size_t start)
{
    size_t end = start;

    while (end < n && points[end].life == points[start].life)
        end++;
    return end;
}

/* The variance of Kendall's sum over `n` values, of which some are equal. */
static double variance_of_sum(const struct statistics_point *points, size_t n)
{
    double *values = must_grow(NULL, n, sizeof(*values));
    double variance = (double)n * (double)(n - 1) * (double)(2 * n + 5);
    size_t run;

    for (size_t i = 0; i < n; i++)
        values[i] = points[i].value;
    qsort(values, n, sizeof(*values), compare_doubles);
    for (size_t i = 0; i < n; i += run) {
        for (run = 1; i + run < n && values[i + run] == values[i]; run++)
            ;
        variance -= (double)run * (double)(run - 1) * (double)(2 * run + 5);
    }
    free(values);
    return variance / 18;
}

void statistics_find_trend(const struct statistics_point *points, size_t n, struct statistics_trend *ret_trend)
{
    double *slopes = must_grow(NULL, n * (n + 1) / 2, sizeof(*slopes));
    double sum = 0, variance = 0, pairs = 0;
    size_t n_slopes = 0, end;

    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(points, n, start);
        variance += variance_of_sum(&points[start], end - start);
        for (size_t i = start; i < end; i++)
            for (size_t j = i + 1; j < end; j++) {
                double rise = points[j].value - points[i].value, hours = points[j].hours - points[i].hours;

                sum += (rise > 0) - (rise < 0);
                pairs++;
                if (hours > 0)
                    slopes[n_slopes++] = rise / hours;
            }
    }
    *ret_trend = (struct statistics_trend){
        .per_hour = statistics_median(slopes, n_slopes),
        .z = variance <= 0 || fabs(sum) < 1 ? 0 : (sum - (sum > 0 ? 1 : -1)) / sqrt(variance),
        .every_pair_rises = pairs > 0 && sum == pairs,
    };
    free(slopes);
}

/* The differences of neighbours in one life; malloc'ed. */
static double *find_steps(const struct statistics_point *points, size_t n, size_t *ret_n)
{
    double *steps = must_grow(NULL, n, sizeof(*steps));
    size_t n_steps = 0;

    for (size_t i = 1; i < n; i++)
        if (points[i].life == points[i - 1].life)
            steps[n_steps++] = points[i].value - points[i - 1].value;
    *ret_n = n_steps;
    return steps;
}

double statistics_noise(const struct statistics_point *points, size_t n)
{
    size_t n_steps;
    double *steps = find_steps(points, n, &n_steps), noise = statistics_spread(steps, n_steps) / sqrt(2);

    free(steps);
    return noise;
}

/* What is no more from its neighbours' median is not far away: noise, or a step like most others. */
static double usual_distance(const struct statistics_point *points, size_t n)
{
    size_t n_steps;
    double *steps = find_steps(points, n, &n_steps), step;

    for (size_t i = 0; i < n_steps; i++)
        steps[i] = fabs(steps[i]);
    step = statistics_median(steps, n_steps);
    free(steps);
    return fmax(FAR_AWAY * statistics_noise(points, n), FAR_STEPS * step);
}

void statistics_clean(struct statistics_point *points, size_t n)
{
    struct statistics_point *dirty = must_grow(NULL, n, sizeof(*dirty));
    double usual = usual_distance(points, n);
    size_t end;

    memcpy(dirty, points, n * sizeof(*points));
    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(points, n, start);
        for (size_t i = start; i < end; i++) {
            size_t from = i - start < NEIGHBOURS ? start : i - NEIGHBOURS;
            size_t to = end - i <= NEIGHBOURS ? end : i + NEIGHBOURS + 1;
            double window[2 * NEIGHBOURS + 1], median;

            for (size_t j = from; j < to; j++)
                window[j - from] = dirty[j].value;
            median = statistics_median(window, to - from);
            if (fabs(points[i].value - median) > usual)
                points[i].value = median;
        }
    }
    free(dirty);
}

size_t statistics_thin(struct statistics_point *points, size_t n, size_t n_max)
{
    size_t width = (n + n_max - 1) / n_max, n_blocks = 0, end;
    double *values;

    if (width <= 1)
        return n;
    values = must_grow(NULL, width, sizeof(*values));
    for (size_t start = 0; start < n; start = end) {
        struct statistics_point block = {.life = points[start].life};
        size_t life_end = statistics_life_end(points, n, start);

        end = start + width < life_end ? start + width : life_end;
        for (size_t i = start; i < end; i++) {
            values[i - start] = points[i].value;
            block.hours += points[i].hours / (double)(end - start);
        }
        block.value = statistics_median(values, end - start);
        points[n_blocks++] = block;
    }
    free(values);
    return n_blocks;
}
