/* The statistics behind `leaktrace trend`, held against plain definitions of them and against series of known truth. */
#include "../support/unit.h"

#include "series/statistics.h"
#include "series/swing.h"
#include "series/shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE 1e-9

static double random_part(uint64_t *seed)
{
    return (double)(random_next(seed) >> 11) / (double)(1ull << 53);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void quantiles_are_those_of_the_ordered_values(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (size_t n = 1; n < 200; n++) {
        double values[200], ordered[200];

        for (size_t i = 0; i < n; i++)
            values[i] = ordered[i] = floor(random_part(&seed) * (double)(n % 7 == 0 ? 3 : 1000));
        qsort(ordered, n, sizeof(*ordered), compare);
        assert_true(statistics_quantile(values, n, 0) == ordered[0]);
        assert_true(statistics_quantile(values, n, 1) == ordered[n - 1]);
        assert_true(statistics_median(values, n) == (ordered[(n - 1) / 2] + ordered[n / 2]) / 2);
    }
    assert_true(statistics_median(NULL, 0) == 0);
}

static void a_minority_of_outliers_does_not_change_the_spread(void **state)
{
    double values[101];
    uint64_t seed = 2;

    (void)state;
    for (size_t i = 0; i < 101; i++)
        values[i] = i < 25 ? 1e12 : random_part(&seed);
    assert_true(statistics_spread(values, 101) < 0.6);
}

/* Points an hour apart. */
static void lay(struct statistics_point *points, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        points[i] = (struct statistics_point){(double)i, values[i], 0};
}

/* 1 3 2 4 has the slopes 2, 0.5, 1, -1, 0.5, 2; Kendall's sum is 4, its variance 4 * 3 * 13 / 18. */
static void a_trend_is_the_median_slope_and_kendalls_sum_over_its_deviation(void **state)
{
    const double values[] = {1, 3, 2, 4}, rising[] = {1, 2, 4, 8, 9}, tied[] = {1, 1, 2};
    struct statistics_point points[5];
    struct statistics_trend trend;

    (void)state;
    lay(points, values, 4);
    statistics_find_trend(points, 4, &trend);
    assert_true(fabs(trend.per_hour - 0.75) < CLOSE);
    assert_true(fabs(trend.z - 3 / sqrt(4 * 3 * 13 / 18.0)) < CLOSE);
    assert_false(trend.every_pair_rises);
    lay(points, rising, 5);
    statistics_find_trend(points, 5, &trend);
    assert_true(trend.every_pair_rises);
    lay(points, tied, 3);
    statistics_find_trend(points, 3, &trend);
    assert_true(fabs(trend.z - 1 / sqrt((3 * 2 * 11 - 2 * 1 * 9) / 18.0)) < CLOSE);
}

static void values_of_different_lives_are_never_compared(void **state)
{
    struct statistics_point points[20];
    struct statistics_trend trend;

    (void)state;
    for (size_t i = 0; i < 20; i++)
        points[i] = (struct statistics_point){(double)i, (double)(i % 5) * 3 - (double)(i / 5) * 1000, i / 5};
    statistics_find_trend(points, 20, &trend);
    assert_true(fabs(trend.per_hour - 3) < CLOSE);
    assert_true(trend.every_pair_rises);
    assert_true(trend.z > 4);
}

static void times_may_be_irregular_and_equal(void **state)
{
    struct statistics_point points[] = {{0, 0, 0}, {0.5, 1, 0}, {0.5, 1, 0}, {7, 14, 0}, {100, 200, 0}};
    struct statistics_trend trend;

    (void)state;
    statistics_find_trend(points, 5, &trend);
    assert_true(fabs(trend.per_hour - 2) < CLOSE);
}

static void a_burst_is_cleaned_away_and_a_step_is_not(void **state)
{
    double values[20];
    struct statistics_point points[20];

    (void)state;
    for (size_t i = 0; i < 20; i++)
        values[i] = i < 10 ? 100 : 200;
    values[5] = 900;
    lay(points, values, 20);
    statistics_clean(points, 20);
    values[5] = 100;
    for (size_t i = 0; i < 20; i++)
        assert_true(points[i].value == values[i]);
}

static void cleaning_leaves_a_straight_line_alone(void **state)
{
    struct statistics_point points[30];

    (void)state;
    for (size_t i = 0; i < 30; i++)
        points[i] = (struct statistics_point){(double)i, 57 + (double)i, i / 10};
    statistics_clean(points, 30);
    for (size_t i = 0; i < 30; i++)
        assert_true(points[i].value == 57 + (double)i);
}

static void thinning_keeps_lives_apart(void **state)
{
    struct statistics_point points[500];
    size_t n;

    (void)state;
    for (size_t i = 0; i < 500; i++)
        points[i] = (struct statistics_point){(double)i, (double)(i / 250) * 1e6, i / 250};
    n = statistics_thin(points, 500, 96);
    assert_true(n > 80 && n < 100);
    for (size_t i = 0; i < n; i++)
        assert_true(points[i].value == (double)points[i].life * 1e6);
    assert_int_equal(points[n - 1].life, 1);
}

static void swings_are_counted_and_noise_is_none(void **state)
{
    struct statistics_point points[400];
    struct swing swing;
    uint64_t seed = 3;

    (void)state;
    for (size_t i = 0; i < 400; i++)
        points[i] = (struct statistics_point){(double)i, 1000 + (double)(i % 40) * 10 + random_part(&seed), 0};
    swing_find(points, 400, &swing);
    assert_int_equal(swing.falls, 9);
    assert_int_equal(swing.rises, 10);
    for (size_t i = 0; i < 400; i++)
        points[i].value = 1000 + 100 * (random_part(&seed) + random_part(&seed) + random_part(&seed));
    swing_find(points, 400, &swing);
    assert_int_equal(swing.falls, 0);
}

static double value_of_shape(enum shape_kind kind, double age)
{
    switch (kind) {
    case SHAPE_STRAIGHT:
        return age;
    case SHAPE_SATURATING:
        return 100 * (1 - exp(-age / 15));
    case SHAPE_ENDED:
        return fmin(age, 40);
    case SHAPE_BEGUN:
        return fmax(age - 60, 0);
    case SHAPE_STEP:
        return age > 50 ? 70 : 0;
    default:
        return 0;
    }
}

static void a_shape_is_found_again_over_restarts(void **state)
{
    (void)state;
    for (enum shape_kind kind = SHAPE_STRAIGHT; kind < SHAPE_MAX; kind++) {
        struct statistics_point points[90];
        struct shape shape;
        uint64_t seed = 4 + (uint64_t)kind;

        /* Two lives of 100 hours, the second on another level. */
        for (size_t i = 0; i < 90; i++) {
            double age = (double)(i % 45) * 100 / 44;

            points[i] = (struct statistics_point){(double)(i / 45) * 200 + age, 0, i / 45};
            points[i].value = 1000 + (double)(i / 45) * 500 + value_of_shape(kind, age) + random_part(&seed);
        }
        shape_fit(points, 90, &shape);
        assert_int_equal(shape.kind, kind);
        assert_true(shape.rise > 0.9 * value_of_shape(kind, 100) && shape.rise < 1.1 * value_of_shape(kind, 100));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_ordered_values),
        cmocka_unit_test(a_minority_of_outliers_does_not_change_the_spread),
        cmocka_unit_test(a_trend_is_the_median_slope_and_kendalls_sum_over_its_deviation),
        cmocka_unit_test(values_of_different_lives_are_never_compared),
        cmocka_unit_test(times_may_be_irregular_and_equal),
        cmocka_unit_test(a_burst_is_cleaned_away_and_a_step_is_not),
        cmocka_unit_test(cleaning_leaves_a_straight_line_alone),
        cmocka_unit_test(thinning_keeps_lives_apart),
        cmocka_unit_test(swings_are_counted_and_noise_is_none),
        cmocka_unit_test(a_shape_is_found_again_over_restarts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
