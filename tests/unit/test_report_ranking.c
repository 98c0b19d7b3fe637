/* The ranking of sites: what is merged, what is joined, and what comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "profile/profile.h"
#include "view/focus.h"
#include "view/ranking.h"

#include <errno.h>
#include <string.h>

static struct profile_mapping mappings[] = {
    {.id = 1, .start = 0x1000, .limit = 0x9000, .file = "/opt/exporter", .build_id = "aa"},
    {.id = 2,
     .start = 0x100000,
     .limit = 0x200000,
     .offset = 0x20,
     .file = "/usr/lib/x86_64-linux-gnu/libc.so.6",
     .build_id = "bb"},
};

static struct profile_function functions[] = {
    {.id = 1, .name = "collect", .system_name = "collect", .file = "main.c"},
    {.id = 2, .name = "_ZNSt6vectorIiSaIiEE9push_backERKi", .system_name = "", .file = ""},
    {.id = 3, .name = "qsort", .system_name = "qsort", .file = ""},
    {.id = 4, .name = "observe", .system_name = "observe", .file = ""},
};

static struct profile_line lines[] = {{&functions[0], 12}, {&functions[1], 0}, {&functions[2], 0}, {&functions[3], 0}};

enum { COLLECT, PUSH_BACK, QSORT, OBSERVE, NAMELESS, NAMELESS_LIBC, INLINED, LOCATIONS };

#define LOCATIONS_OF_THE_PROGRAM                                                                                               \
    [COLLECT] = {.id = 1, .address = 0x1010, .mapping = &mappings[0], .lines = &lines[0], .n_lines = 1},                       \
    [PUSH_BACK] = {.id = 2, .address = 0x1020, .mapping = &mappings[0], .lines = &lines[1], .n_lines = 1},                     \
    [QSORT] = {.id = 3, .address = 0x100030, .mapping = &mappings[1], .lines = &lines[2], .n_lines = 1},                       \
    [OBSERVE] = {.id = 4, .address = 0x1040, .mapping = &mappings[0], .lines = &lines[3], .n_lines = 1},                       \
    [NAMELESS] = {.id = 5, .address = 0x1050, .mapping = &mappings[0]},                                                        \
    [NAMELESS_LIBC] = {.id = 6, .address = 0x100060, .mapping = &mappings[1]},                                                 \
    [INLINED] = {.id = 7, .address = 0x1070, .mapping = &mappings[0], .lines = &lines[1], .n_lines = 3}

/* Two profiles of one dump: the same places, each with rows of its own. */
static struct profile_location locations[] = {LOCATIONS_OF_THE_PROGRAM};
static struct profile_location growth_locations[] = {LOCATIONS_OF_THE_PROGRAM};

static struct profile_type fd_types[] = {{"opened_fds", "count"}, {"inuse_fds", "count"}};
static struct profile_type fd_growth_types[] = {{"inuse_fds", "count"}};
static struct profile_type heap_types[] = {
    {"alloc_objects", "count"}, {"alloc_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"}};
static struct profile_type thread_types[] = {
    {"created_threads", "count"}, {"inuse_stack", "bytes"}, {"inuse_threads", "count"}};

/* Fields of a sample, and a whole profile, from arrays of the right type. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define STACK_OF(...) ((const struct profile_location *[]){__VA_ARGS__})
#define LABELS_OF(...) ((struct profile_label[]){__VA_ARGS__})
#define SAMPLE(...) .values = ((int64_t[]){__VA_ARGS__})
#define STACK(...) .stack = STACK_OF(__VA_ARGS__), .depth = COUNT_OF(STACK_OF(__VA_ARGS__))
#define LABELS(...) .labels = LABELS_OF(__VA_ARGS__), .n_labels = COUNT_OF(LABELS_OF(__VA_ARGS__))
#define PROFILE(some_types, some_samples, some_locations)                                                                      \
    {                                                                                                                          \
        .types = (some_types), .n_types = COUNT_OF(some_types), .samples = (some_samples),                                     \
        .n_samples = COUNT_OF(some_samples), .locations = (some_locations), .n_locations = LOCATIONS, .default_type = ""       \
    }

static void samples_that_differ_in_labels_are_one_site(void **state)
{
    struct profile_sample samples[] = {
        {SAMPLE(9, 5), STACK(&locations[COLLECT], &locations[OBSERVE]), LABELS({"age", "<1h"}, {"type", "tcp"})},
        {SAMPLE(3, 2), STACK(&locations[COLLECT], &locations[OBSERVE]),
         LABELS({"state", "LISTEN"}, {"type", "tcp"}, {"age", "<1d"})},
        {SAMPLE(7, 7), STACK(&locations[COLLECT], &locations[OBSERVE]),
         LABELS({"type", "tcp"}, {"age", "<1d"}, {"state", "LISTEN"})},
        {SAMPLE(1, 1), STACK(&locations[COLLECT])},
    };
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, NULL, &ranking);
    assert_int_equal(ranking.n_sites, 2);
    assert_int_equal(ranking.live.count, 15);
    assert_int_equal(ranking.sites[0].live.count, 14);
    assert_int_equal(ranking.sites[0].n_groups, 2);
    assert_int_equal(ranking.sites[0].groups[0].count, 9);
    assert_int_equal(ranking.sites[0].groups[0].n_labels, 2);
    assert_string_equal(ranking.sites[0].groups[0].labels[0].value, "tcp");
    assert_string_equal(ranking.sites[0].groups[0].labels[1].value, "LISTEN");
    assert_int_equal(ranking.sites[0].groups[1].count, 5);
    assert_int_equal(ranking.sites[0].ages[ages_find("<1h")], 5);
    assert_int_equal(ranking.sites[0].ages[ages_find("<1d")], 9);
    assert_int_equal(ranking.sites[1].ages[ages_find("<1d")], 0);
    assert_int_equal(ranking.sites[1].n_groups, 0);
    assert_false(ranking.has_bytes);
    assert_false(ranking.has_growth);
    ranking_release(&ranking);
}

static void what_has_grown_most_comes_first(void **state)
{
    struct profile_sample samples[] = {
        {SAMPLE(900, 900), STACK(&locations[COLLECT])},
        {SAMPLE(50, 50), STACK(&locations[OBSERVE])},
        {SAMPLE(60, 60), STACK(&locations[NAMELESS])},
    };
    struct profile_sample growth_samples[] = {
        {SAMPLE(1), STACK(&growth_locations[NAMELESS])},
        {SAMPLE(40), STACK(&growth_locations[OBSERVE])},
    };
    struct profile live = PROFILE(fd_types, samples, locations);
    struct profile growth = PROFILE(fd_growth_types, growth_samples, growth_locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, &growth, &ranking);
    assert_int_equal(ranking.n_sites, 3);
    assert_string_equal(ranking.sites[0].frames[0]->function, "observe");
    assert_int_equal(ranking.sites[0].live.count, 50);
    assert_int_equal(ranking.sites[0].growth.count, 40);
    assert_int_equal(ranking.sites[1].live.count, 60);
    assert_int_equal(ranking.sites[2].live.count, 900);
    assert_int_equal(ranking.growth.count, 41);
    ranking_release(&ranking);
    ranking_build("fd", &live, NULL, &ranking);
    assert_int_equal(ranking.sites[0].live.count, 900);
    assert_int_equal(ranking.sites[2].live.count, 50);
    ranking_release(&ranking);
}

static void heap_is_ranked_by_bytes_and_threads_by_count(void **state)
{
    struct profile_sample heap_samples[] = {
        {SAMPLE(1000, 1000, 900, 900), STACK(&locations[COLLECT])},
        {SAMPLE(1, 5000, 1, 4000), STACK(&locations[OBSERVE])},
        {SAMPLE(77, 77, 0, 0), STACK(&locations[NAMELESS])},
    };
    struct profile_sample thread_samples[] = {
        {SAMPLE(1, 1 << 20, 1), STACK(&locations[COLLECT])},
        {SAMPLE(2, 1 << 10, 2), STACK(&locations[OBSERVE])},
    };
    struct profile heap = PROFILE(heap_types, heap_samples, locations);
    struct profile thread = PROFILE(thread_types, thread_samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("heap", &heap, NULL, &ranking);
    assert_true(ranking.by_bytes);
    assert_int_equal(ranking.n_sites, 2); /* what is freed again is no site */
    assert_int_equal(ranking.sites[0].live.bytes, 4000);
    assert_int_equal((int)ranking_share(&ranking, &ranking.sites[0]), 81);
    ranking_release(&ranking);
    ranking_build("thread", &thread, NULL, &ranking);
    assert_false(ranking.by_bytes);
    assert_true(ranking.has_bytes);
    assert_int_equal(ranking.sites[0].live.count, 2);
    assert_int_equal(ranking.sites[0].live.bytes, 1 << 10);
    ranking_release(&ranking);
}

static void the_headline_is_the_first_frame_of_the_users_code(void **state)
{
    struct profile_sample samples[] = {
        {SAMPLE(9, 9), STACK(&locations[QSORT], &locations[PUSH_BACK], &locations[COLLECT], &locations[QSORT])},
        {SAMPLE(8, 8), STACK(&locations[QSORT], &locations[NAMELESS_LIBC])},
        {SAMPLE(7, 7)},
    };
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, NULL, &ranking);
    assert_int_equal(ranking.sites[0].headline, 2);
    assert_string_equal(ranking.sites[0].frames[1]->function, "std::vector<int, std::allocator<int> >::push_back(int const&)");
    assert_string_equal(ranking.sites[0].frames[2]->function, "collect");
    assert_int_equal(ranking.sites[0].frames[2]->line, 12);
    assert_int_equal(ranking.sites[1].headline, 0); /* there is none: the innermost one it is */
    assert_int_equal(ranking.sites[2].n_frames, 0);
    ranking_release(&ranking);
}

static void places_without_a_name_are_named_by_file_and_offset(void **state)
{
    struct profile_sample samples[] = {{SAMPLE(9, 9), STACK(&locations[NAMELESS], &locations[NAMELESS_LIBC])}};
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, NULL, &ranking);
    assert_string_equal(ranking.sites[0].frames[0]->function, "exporter+0x50");
    assert_string_equal(ranking.sites[0].frames[1]->function, "libc.so.6+0x80");
    ranking_release(&ranking);
}

static void inlined_functions_are_frames_of_their_own(void **state)
{
    struct profile_sample samples[] = {{SAMPLE(9, 9), STACK(&locations[INLINED], &locations[COLLECT])}};
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, NULL, &ranking);
    assert_int_equal(ranking.sites[0].n_frames, 4);
    assert_string_equal(ranking.sites[0].frames[2]->function, "observe");
    assert_string_equal(ranking.sites[0].frames[3]->function, "collect");
    ranking_release(&ranking);
}

static void figures_past_64_bits_stop_at_the_largest(void **state)
{
    struct profile_sample samples[] = {
        {SAMPLE(0, INT64_MAX), STACK(&locations[COLLECT])},
        {SAMPLE(0, INT64_MAX), STACK(&locations[COLLECT])},
        {SAMPLE(0, INT64_MIN), STACK(&locations[OBSERVE])},
        {SAMPLE(0, INT64_MIN), STACK(&locations[OBSERVE])},
    };
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, NULL, &ranking);
    assert_true(ranking.sites[0].live.count == INT64_MAX);
    assert_true(ranking.sites[1].live.count == INT64_MIN);
    ranking_release(&ranking);
}

static void nothing_live_gives_no_sites(void **state)
{
    struct profile_sample samples[] = {{SAMPLE(9, 0), STACK(&locations[COLLECT])}};
    struct profile live = PROFILE(fd_types, samples, locations);
    struct ranking ranking;

    (void)state;
    ranking_build("fd", &live, &live, &ranking);
    assert_int_equal(ranking.n_sites, 0);
    ranking_release(&ranking);
}

static void only_sites_in_focus_that_are_not_ignored_stay(void **state)
{
    static const struct {
        const char *focus, *ignore;
        size_t n;
    } cases[] = {{NULL, NULL, 3},      {"^collect$", NULL, 2},      {"main\\.c", NULL, 2}, {"libc\\.so", NULL, 1},
                 {NULL, "observe", 1}, {"collect", "obs|qsort", 1}, {"none", NULL, 0},     {NULL, ".", 0}};
    struct profile_sample samples[] = {
        {SAMPLE(9, 5), STACK(&locations[COLLECT], &locations[OBSERVE])},
        {SAMPLE(9, 4), STACK(&locations[COLLECT])},
        {SAMPLE(9, 3), STACK(&locations[QSORT], &locations[OBSERVE])},
    };
    struct profile live = PROFILE(fd_types, samples, locations);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char why_buf[128] = "";
        struct text why = TEXT_ON(why_buf);
        struct ranking ranking;
        struct focus focus;

        assert_int_equal(focus_compile(cases[i].focus, cases[i].ignore, &focus, &why), 0);
        ranking_build("fd", &live, NULL, &ranking);
        focus_apply(&focus, &ranking);
        assert_int_equal(ranking.n_sites, cases[i].n);
        assert_int_equal(ranking.n_hidden, 3 - cases[i].n);
        assert_int_equal(ranking.live.count, 12);
        ranking_release(&ranking);
        focus_release(&focus);
    }
}

static void what_is_no_regular_expression_is_refused_with_a_reason(void **state)
{
    char why_buf[128] = "";
    struct text why = TEXT_ON(why_buf);
    struct focus focus;

    (void)state;
    assert_int_equal(focus_compile("a", "b(", &focus, &why), -EINVAL);
    assert_non_null(strstr(why_buf, "--ignore 'b(' is no regular expression: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_that_differ_in_labels_are_one_site),
        cmocka_unit_test(what_has_grown_most_comes_first),
        cmocka_unit_test(heap_is_ranked_by_bytes_and_threads_by_count),
        cmocka_unit_test(the_headline_is_the_first_frame_of_the_users_code),
        cmocka_unit_test(places_without_a_name_are_named_by_file_and_offset),
        cmocka_unit_test(inlined_functions_are_frames_of_their_own),
        cmocka_unit_test(figures_past_64_bits_stop_at_the_largest),
        cmocka_unit_test(nothing_live_gives_no_sites),
        cmocka_unit_test(only_sites_in_focus_that_are_not_ignored_stay),
        cmocka_unit_test(what_is_no_regular_expression_is_refused_with_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
