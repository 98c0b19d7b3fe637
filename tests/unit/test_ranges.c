/* Lists and sets of address ranges. */
#include "../support/unit.h"

#include "base/range_table.h"
#include "reach/ranges.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SPACE 3000u

static struct range random_range(uint64_t *seed)
{
    uintptr_t start = random_next(seed) % (SPACE - 60);

    return (struct range){start, start + random_next(seed) % 60};
}

static void mark_part(struct range part, void *context)
{
    bool *is_rest = context;

    for (uintptr_t at = part.start; at < part.end; at++) {
        assert_false(is_rest[at]);
        is_rest[at] = true;
    }
}

static void what_is_in_no_range_is_visited_once_and_nothing_else(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        bool is_in[SPACE] = {false}, is_rest[SPACE] = {false};
        struct range of = random_range(&seed);
        struct ranges ranges = {0};

        of.end = of.end + 500 < SPACE ? of.end + 500 : SPACE;
        for (unsigned i = 0; i < round; i++) {
            struct range range = random_range(&seed);

            ranges_add(&ranges, range.start, range.end);
            for (uintptr_t at = range.start; at < range.end; at++)
                is_in[at] = true;
        }
        ranges_sort(&ranges);
        ranges_merge(&ranges);
        ranges_visit_rest(&ranges, of, mark_part, is_rest);
        for (uintptr_t at = 0; at < SPACE; at++)
            assert_int_equal(is_rest[at], at >= of.start && at < of.end && !is_in[at]);
        assert_false(ranges.failed);
        ranges_release(&ranges);
    }
}

static void the_last_range_that_starts_before_is_found(void **state)
{
    struct ranges ranges = {0};

    (void)state;
    for (uintptr_t i = 1000; i > 0; i--)
        ranges_add(&ranges, i * 10, i * 10 + 3);
    ranges_sort(&ranges);
    assert_null(ranges_find(&ranges, 9));
    for (uintptr_t at = 10; at < 10050; at++) {
        const struct range *found = ranges_find(&ranges, at);

        assert_int_equal(found->start, at < 10000 ? at / 10 * 10 : 10000);
    }
    ranges_release(&ranges);
}

static struct range_table table;

static void sum(uintptr_t start, size_t size, void *context)
{
    *(uint64_t *)context += start * 3 + size;
}

static void a_set_has_what_was_added_and_not_removed(void **state)
{
    uint64_t expected = 0, found = 0, seed = 9;

    (void)state;
    for (uintptr_t i = 1; i <= 2000; i++)
        assert_true(range_table_add(&table, i * 4096, i));
    for (uintptr_t i = 1; i <= 2000; i++) {
        if (random_next(&seed) % 2 == 0)
            assert_true(range_table_remove(&table, i * 4096));
        else
            expected += i * 4096 * 3 + i;
    }
    assert_false(range_table_remove(&table, 5));
    for (uintptr_t i = 3000; i < 3500; i++, expected += i * 4096 * 3 - 3 * 4096 + 7)
        assert_true(range_table_add(&table, i * 4096, 7));
    range_table_visit(&table, sum, &found);
    assert_int_equal(found, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_no_range_is_visited_once_and_nothing_else),
        cmocka_unit_test(the_last_range_that_starts_before_is_found),
        cmocka_unit_test(a_set_has_what_was_added_and_not_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
