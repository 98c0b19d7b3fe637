/* Growth from round to round: leaks, caches, and noise. */
#include "../support/unit.h"

#include "gate/growth.h"

#define ROUNDS_MAX 12

struct row {
    int64_t values[ROUNDS_MAX];
    size_t n;
};

static void check(const struct row *rows, size_t n, bool steady)
{
    for (size_t i = 0; i < n; i++)
        if (growth_is_steady(rows[i].values, rows[i].n) != steady)
            fail_msg("row %zu: %lld %lld %lld ...", i, (long long)rows[i].values[0], (long long)rows[i].values[1],
                     (long long)rows[i].values[2]);
}

static void what_is_more_after_each_round_grows(void **state)
{
    static const struct row rows[] = {
        {{1, 2, 3}, 3},
        {{1, 2, 3, 4, 5}, 5},
        {{1000, 1001, 1002, 1003, 1004}, 5},    /* much in the first round, for good */
        {{0, 0, 0, 1, 2}, 5},                   /* began late */
        {{2, 2, 4, 4, 6, 6, 8, 8, 10, 10}, 10}, /* each second round */
        {{5, 3, 4, 5, 6}, 5},                   /* the first was not yet even */
        {{1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14}, 5},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), true);
}

static void what_fills_and_is_full_does_not_grow(void **state)
{
    static const struct row rows[] = {
        {{32, 64, 64, 64, 64}, 5}, {{100, 150, 175, 187, 193}, 5}, /* as a cache with random keys does */
        {{10, 20, 30, 30, 30}, 5}, {{7, 7, 7}, 3},
        {{0, 0, 0, 0}, 4},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

static void what_goes_up_and_down_does_not_grow(void **state)
{
    static const struct row rows[] = {
        {{1, 5, 2, 6, 3}, 5}, {{9, 8, 7, 6, 5}, 5}, {{1, 2, 3, 4, 3}, 5}, {{3, 3, 3, 3, 3, 3, 3, 3, 3, 4}, 10}, /* once */
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

static void fewer_than_three_rounds_say_nothing(void **state)
{
    static const struct row rows[] = {{{1, 2}, 2}, {{1}, 1}};

    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_more_after_each_round_grows),
        cmocka_unit_test(what_fills_and_is_full_does_not_grow),
        cmocka_unit_test(what_goes_up_and_down_does_not_grow),
        cmocka_unit_test(fewer_than_three_rounds_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
