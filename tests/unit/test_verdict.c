/* Verdicts: on made series of each kind, and on what people meet that is short, broken or odd. */
#include "../support/unit.h"

#include "made_series.h"
#include "series/verdict.h"

#include <math.h>
#include <stdio.h>

/* Not among those that the method was chosen on, nor those that trend_score takes. */
#define FIRST_SEED 500000
#define SEEDS 60
#define RIGHT_LEAST 57 /* 95 % */

static void made_series_get_their_verdict(void **state)
{
    static struct made_series series;

    (void)state;
    for (enum made_kind kind = 0; kind < MADE_MAX; kind++) {
        unsigned right = 0;

        for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            struct verdict verdict;

            made_series_make(kind, seed, &series);
            verdict_judge(series.points, series.n, &verdict);
            right += verdict.kind == series.truth;
        }
        if (right < RIGHT_LEAST)
            fail_msg("%s: %u of %u", made_names[kind], right, SEEDS);
    }
}

/* One value an hour, of one life, with no load known. */
static struct verdict judge(const double *values, size_t n)
{
    struct verdict_point points[64];
    struct verdict verdict;

    for (size_t i = 0; i < n; i++)
        points[i] = (struct verdict_point){(double)i, values[i], NAN, 0};
    verdict_judge(points, n, &verdict);
    return verdict;
}

#define JUDGE(...) judge((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void four_dumps_are_too_few_and_five_are_enough(void **state)
{
    (void)state;
    assert_int_equal(JUDGE(57, 58, 59, 60).kind, VERDICT_UNCLEAR);
    assert_true(fabs(JUDGE(57, 58, 59, 60).per_hour - 1) < 1e-9);
    assert_int_equal(JUDGE(57, 58, 59, 60, 61).kind, VERDICT_GROWING);
    assert_true(fabs(JUDGE(57, 58, 59, 60, 61).per_hour - 1) < 1e-9);
    assert_int_equal(JUDGE(57).kind, VERDICT_UNCLEAR);
    assert_int_equal(JUDGE(57, 57).kind, VERDICT_FLAT);
}

static void short_series_are_judged_with_care(void **state)
{
    (void)state;
    assert_int_equal(JUDGE(57, 57, 57, 57, 57, 57).kind, VERDICT_FLAT);
    assert_int_equal(JUDGE(57, 57, 57, 58, 57, 57, 57, 57).kind, VERDICT_FLAT);
    assert_int_equal(JUDGE(57, 57, 57, 57, 57, 57, 57, 60).kind, VERDICT_FLAT);
    assert_int_equal(JUDGE(100, 104, 97, 101, 99, 103, 98, 100, 102, 99).kind, VERDICT_FLAT);
    assert_int_equal(JUDGE(100, 104, 107, 111, 109, 115, 118, 120, 126, 125).kind, VERDICT_GROWING);
    assert_int_equal(JUDGE(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7).kind, VERDICT_GROWING);
    assert_int_equal(JUDGE(57, 57, 57, 57, 60, 60, 60, 60).kind, VERDICT_STOPPED);
    assert_int_equal(JUDGE(0, 5, 10, 0, 5, 10, 0, 5, 10, 0, 5, 10).kind, VERDICT_SAWTOOTH);
    assert_int_equal(JUDGE(100, 90, 80, 70, 60, 50, 40, 30).kind, VERDICT_FALLING);
}

static void what_fills_while_the_program_starts_is_no_leak(void **state)
{
    (void)state;
    assert_int_equal(JUDGE(0, 50, 57, 57, 57, 57, 57, 57, 57, 57).kind, VERDICT_STOPPED);
    assert_int_equal(JUDGE(10, 57, 56, 58, 57, 59, 56, 57, 58, 57).kind, VERDICT_FLAT);
}

static void a_leak_is_seen_through_many_short_lives(void **state)
{
    struct verdict_point points[40];
    struct verdict verdict;

    (void)state;
    for (size_t i = 0; i < 40; i++)
        points[i] = (struct verdict_point){(double)i, 100 + (double)(i % 4) * 7, NAN, i / 4};
    verdict_judge(points, 40, &verdict);
    assert_int_equal(verdict.kind, VERDICT_GROWING);
    assert_true(fabs(verdict.per_hour - 7) < 1e-9);
}

static void the_moment_when_a_leak_began_is_told(void **state)
{
    double values[60];
    struct verdict verdict;
    uint64_t seed = 9;

    (void)state;
    for (size_t i = 0; i < 60; i++)
        values[i] = 1000 + (i > 30 ? (double)(i - 30) * 20 : 0) + (double)(random_next(&seed) % 10);
    verdict = judge(values, 60);
    assert_int_equal(verdict.kind, VERDICT_GROWING);
    assert_true(verdict.since_hours > 27 && verdict.since_hours < 33);
    assert_true(verdict.per_hour > 18 && verdict.per_hour < 22);
}

static void numbers_of_any_size_give_a_verdict(void **state)
{
    const double extremes[] = {0, -9e18, 9e18, 1, -1, 9e18, 9e18, 0, 5, 1e18, -9e18, 9e18};

    (void)state;
    for (size_t n = 0; n <= 12; n++) {
        struct verdict verdict = judge(extremes, n);

        assert_true(verdict.kind < VERDICT_MAX);
        assert_false(isnan(verdict.per_hour));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_series_get_their_verdict),
        cmocka_unit_test(four_dumps_are_too_few_and_five_are_enough),
        cmocka_unit_test(short_series_are_judged_with_care),
        cmocka_unit_test(what_fills_while_the_program_starts_is_no_leak),
        cmocka_unit_test(a_leak_is_seen_through_many_short_lives),
        cmocka_unit_test(the_moment_when_a_leak_began_is_told),
        cmocka_unit_test(numbers_of_any_size_give_a_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
