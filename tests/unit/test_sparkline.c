/* The picture of a series in one line. */
#include "../support/unit.h"

#include "view/sparkline.h"

#include <string.h>

static void draws(const struct sparkline_point *points, size_t n, size_t width, const char *picture)
{
    char drawn[SPARKLINE_MAX + 1];

    sparkline_draw(points, n, width, drawn);
    assert_string_equal(drawn, picture);
}

static void each_part_of_the_time_has_its_level(void **state)
{
    struct sparkline_point points[16];

    (void)state;
    for (size_t i = 0; i < 16; i++)
        points[i] = (struct sparkline_point){(double)i, (double)(i * i), 0};
    draws(points, 16, 8, "___.-=+#");
    for (size_t i = 0; i < 16; i++)
        points[i].value = (double)i;
    draws(points, 16, 8, "_.-~=+*#");
}

static void what_does_not_change_is_low(void **state)
{
    const struct sparkline_point points[] = {{0, 7, 0}, {1, 7, 0}, {2, 7, 0}};

    (void)state;
    draws(points, 3, 5, "_____");
    draws(points, 1, 5, "_    ");
}

static void between_dumps_a_process_has_what_it_had_and_a_dead_one_has_nothing(void **state)
{
    const struct sparkline_point points[] = {{0, 1, 0}, {4, 8, 0}, {8, 1, 1}, {10, 8, 1}};

    (void)state;
    draws(points, 4, 10, "____#   |#");
}

static void numbers_of_any_size_can_be_drawn(void **state)
{
    const struct sparkline_point points[] = {{0, -9e18, 0}, {1, 9e18, 0}, {2, 0, 0}};
    char drawn[SPARKLINE_MAX + 1];

    (void)state;
    sparkline_draw(points, 3, SPARKLINE_MAX, drawn);
    assert_int_equal(strlen(drawn), SPARKLINE_MAX);
    assert_int_equal(drawn[0], '_');
    assert_int_equal(drawn[SPARKLINE_MAX / 2], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_of_the_time_has_its_level),
        cmocka_unit_test(what_does_not_change_is_low),
        cmocka_unit_test(between_dumps_a_process_has_what_it_had_and_a_dead_one_has_nothing),
        cmocka_unit_test(numbers_of_any_size_can_be_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
