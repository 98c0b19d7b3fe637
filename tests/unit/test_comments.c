/* The comments of a dump. */
#include "../support/unit.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/options.h"
#include "dump/comments.h"
#include "store/counters.h"
#include "store/site_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct options options;
static struct snapshot snapshot;
static struct comments comments;
static struct arena arena;

static void ignore(const char *line, void *context)
{
    (void)line, (void)context;
}

static int begin(void **state)
{
    (void)state;
    options_set_defaults(&options);
    options_parse(&options, "depth=7:format=text:sample=64K", ignore, NULL);
    snapshot = (struct snapshot){.pause_ns = 1234, .unattributed_fds = 3, .unattributed_threads = -1, .acquired_meanwhile = 5};
    comments = (struct comments){.arena = &arena};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* The value of a key that stands there once. */
static const char *value_of(const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; i < comments.count; i++)
        if (strncmp(comments.lines[i], key, strlen(key)) == 0 && comments.lines[i][strlen(key)] == ' ') {
            assert_null(value);
            value = comments.lines[i] + strlen(key) + 1;
        }
    if (value == NULL)
        fail_msg("there is no comment %s", key);
    return value;
}

static void assert_number(const char *key, int64_t expected)
{
    char buf[32];

    snprintf(buf, sizeof(buf), "%ld", (long)expected);
    assert_string_equal(value_of(key), buf);
}

static void a_dump_says_whose_it_is_and_how_it_was_made(void **state)
{
    (void)state;
    assert_int_equal(comments_write(&comments, &options, &snapshot, "signal", 77), 0);
    assert_string_equal(value_of("leaktrace"), LEAKTRACE_VERSION);
    assert_number("pid", getpid());
    assert_non_null(strstr(value_of("command"), "test_comments"));
    assert_string_equal(value_of("options"), "depth=7:format=text:sample=64K");
    assert_string_equal(value_of("reason"), "signal");
    assert_number("sample_bytes", 65536);
    assert_number("pause_ns", 1234);
    assert_number("own_cpu_ns", 77);
    assert_string_equal(value_of("own_descriptors"), "shared");
    assert_true(atoll(value_of("own_memory_bytes")) > 0);
}

static void a_dump_says_how_far_the_process_is_from_its_limits(void **state)
{
    struct rlimit rlimit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
    assert_int_equal(comments_write(&comments, &options, &snapshot, "exit", 77), 0);
    assert_number("limit_fds", (int64_t)rlimit.rlim_cur);
    assert_true(atoll(value_of("resident_bytes")) > 0);
    assert_true(atoll(value_of("limit_memory_bytes")) > atoll(value_of("resident_bytes")));
    assert_true(atoll(value_of("limit_threads")) > 0);
}

static void a_dump_says_what_its_figures_leave_out(void **state)
{
    uintptr_t none[1];
    struct stack whole = {.pcs = none}, truncated = {.pcs = none, .truncated = true};

    (void)state;
    assert_non_null(site_table_intern(KIND_HEAP, &whole));
    assert_non_null(site_table_intern(KIND_HEAP, &truncated));
    for (enum counter counter = 0; counter < COUNTER_MAX; counter++)
        counters_add(counter, 10 + counter);
    assert_int_equal(comments_write(&comments, &options, &snapshot, "exit", 77), 0);
    for (enum counter counter = 0; counter < COUNTER_MAX; counter++)
        assert_number(counter_names[counter], 10 + counter);
    assert_number("dropped_events", (int64_t)counters_dropped());
    assert_number("stacks", 2);
    assert_number("truncated_stacks", 1);
    assert_number("unattributed_fds", 3);
    assert_number("unattributed_threads", -1);
    assert_number("lock_timeouts", 0);
    assert_number("lock_waits", 0);
    assert_number("acquired_meanwhile", 5);
    assert_string_equal(value_of("names"), "incomplete");
    assert_true(comments.count <= COMMENTS_MAX);
}

static void without_memory_there_are_no_comments(void **state)
{
    (void)state;
    memory_set_cap(1);
    assert_int_equal(comments_write(&comments, &options, &snapshot, "exit", 77), -ENOMEM);
    memory_set_cap(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dump_says_whose_it_is_and_how_it_was_made, begin, end),
        cmocka_unit_test_setup_teardown(a_dump_says_how_far_the_process_is_from_its_limits, begin, end),
        cmocka_unit_test_setup_teardown(a_dump_says_what_its_figures_leave_out, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_there_are_no_comments, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
