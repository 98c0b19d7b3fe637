/* Dumps in the lives of their processes: what is a restart, what runs side by side, and what the load is. */
#include "../support/unit.h"

#include "base/text.h"
#include "profile/profile.h"
#include "series/series.h"
#include "view/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DUMPS_MAX 16
#define NS_PER_S INT64_C(1000000000)
#define START_S 1763717400

/* A dump as the tests tell it, in seconds; `acquired` is its total. */
struct made_dump {
    int pid;
    int64_t at;
    int64_t age; /* 0: not told */
    int64_t acquired;
};

/* Makes a series of one kind from them. */
static void make(const struct made_dump *dumps, size_t n, struct series *ret_series)
{
    static struct profile_type types[] = {{"opened_fds", "count"}, {"inuse_fds", "count"}};

    *ret_series = (struct series){.n_moments = n, .moments = calloc(n, sizeof(struct moment))};
    for (size_t i = 0; i < n; i++) {
        int64_t values[] = {dumps[i].acquired, 5};
        struct profile_sample sample = {.values = values};
        struct profile profile = {.types = types, .n_types = 2, .samples = &sample, .n_samples = 1, .default_type = ""};
        char why_buf[64] = "";
        struct text why = TEXT_ON(why_buf);

        assert_int_equal(sites_add(&ret_series->sites, i, "fd", &profile, &why), 0);
        ret_series->moments[i] = (struct moment){.program = "",
                                                 .seq = "",
                                                 .pid = dumps[i].pid,
                                                 .time_ns = (START_S + dumps[i].at) * NS_PER_S,
                                                 .duration_ns = dumps[i].age * NS_PER_S};
    }
    series_assemble(ret_series);
}

#define MAKE(series, ...)                                                                                                      \
    make((const struct made_dump[]){__VA_ARGS__}, ARRAY_LEN(((const struct made_dump[]){__VA_ARGS__})), series)

static void processes_in_a_row_are_one_chain(void **state)
{
    struct series series;

    (void)state;
    MAKE(&series, {9, 100, 50, 10}, {9, 150, 100, 20}, {4, 300, 100, 5}, {4, 400, 200, 9}, {7, 500, 60, 1});
    assert_int_equal(series.n_chains, 1);
    assert_int_equal(series.chains[0].n_dumps, 5);
    assert_int_equal(series.chains[0].n_lives, 3);
    assert_int_equal(series.chains[0].dumps[2].life, 1);
    assert_int_equal(series.chains[0].dumps[4].number, 4);
    series_release(&series);
}

static void processes_side_by_side_are_chains_of_their_own(void **state)
{
    struct series series;

    (void)state;
    MAKE(&series, {1, 100, 90, 1}, {2, 110, 95, 1}, {1, 200, 190, 2}, {2, 210, 195, 2}, {3, 400, 100, 1});
    assert_int_equal(series.n_chains, 2);
    assert_int_equal(series.chains[0].n_dumps + series.chains[1].n_dumps, 5);
    assert_int_equal(series.chains[0].n_lives + series.chains[1].n_lives, 3);
    series_release(&series);
}

static void a_process_that_has_the_number_of_another_is_told_from_it(void **state)
{
    struct series series;

    (void)state;
    /* In a container every process is 1: the second began after the first one's last dump. */
    MAKE(&series, {1, 100, 100, 10}, {1, 200, 200, 20}, {1, 300, 50, 30}, {1, 400, 150, 40});
    assert_int_equal(series.chains[0].n_lives, 2);
    series_release(&series);
    /* Other tools do not tell when a process began: what it has acquired cannot fall. */
    MAKE(&series, {0, 100, 0, 10}, {0, 200, 0, 20}, {0, 300, 0, 5}, {0, 400, 0, 15});
    assert_int_equal(series.chains[0].n_lives, 2);
    assert_int_equal(series.chains[0].dumps[2].life, 1);
    series_release(&series);
}

static void order_does_not_matter_and_a_moment_counts_once(void **state)
{
    struct series series;

    (void)state;
    MAKE(&series, {1, 300, 300, 30}, {1, 100, 100, 10}, {1, 300, 300, 30}, {1, 200, 200, 20});
    assert_int_equal(series.n_chains, 1);
    assert_int_equal(series.chains[0].n_dumps, 3);
    assert_int_equal(series.chains[0].dumps[0].number, 1);
    assert_int_equal(series.chains[0].dumps[1].number, 3);
    assert_true(fabs(series.chains[0].dumps[2].hours - 200 / 3600.0) < 1e-9);
    series_release(&series);
}

static void the_load_is_what_was_acquired_per_second_since_the_dump_before(void **state)
{
    struct series series;

    (void)state;
    MAKE(&series, {1, 100, 50, 500}, {1, 200, 150, 700}, {2, 400, 100, 3000});
    assert_true(fabs(series.chains[0].dumps[0].load - 10) < 1e-9);
    assert_true(fabs(series.chains[0].dumps[1].load - 2) < 1e-9);
    assert_true(fabs(series.chains[0].dumps[2].load - 30) < 1e-9);
    series_release(&series);
    MAKE(&series, {0, 100, 0, 500}, {0, 200, 0, 700});
    assert_true(isnan(series.chains[0].dumps[0].load));
    assert_true(fabs(series.chains[0].dumps[1].load - 2) < 1e-9);
    series_release(&series);
}

static void moments_that_cannot_be_do_no_harm(void **state)
{
    const int64_t last_s = INT64_MAX / NS_PER_S; /* since 1970, and for an age too */
    struct series series;

    (void)state;
    MAKE(&series, {1, last_s - START_S, 0, 1}, {1, last_s - START_S, last_s, 2}, {1, -START_S, 5, 3}, {1, 10, last_s, 4});
    assert_int_equal(series.n_chains, 1);
    assert_int_equal(series.chains[0].n_dumps, 2);
    series_release(&series);
}

/* A trend of the fd kind at its limit. */
static void the_time_to_the_limit_is_what_is_left_over_the_rate(void **state)
{
    struct trend_kind kind = {.limit = 1000, .used = 400};
    struct trend_site site = {.verdict = {.kind = VERDICT_GROWING, .per_hour = 30}};

    (void)state;
    assert_true(fabs(trend_hours_left(&kind, &site) - 20) < 1e-9);
    kind.used = 1200;
    assert_true(trend_hours_left(&kind, &site) == 0);
    kind.limit = 0;
    assert_true(isnan(trend_hours_left(&kind, &site)));
    kind.limit = 5000;
    site.verdict.kind = VERDICT_SAWTOOTH;
    assert_true(isnan(trend_hours_left(&kind, &site)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_in_a_row_are_one_chain),
        cmocka_unit_test(processes_side_by_side_are_chains_of_their_own),
        cmocka_unit_test(a_process_that_has_the_number_of_another_is_told_from_it),
        cmocka_unit_test(order_does_not_matter_and_a_moment_counts_once),
        cmocka_unit_test(the_load_is_what_was_acquired_per_second_since_the_dump_before),
        cmocka_unit_test(moments_that_cannot_be_do_no_harm),
        cmocka_unit_test(the_time_to_the_limit_is_what_is_left_over_the_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
