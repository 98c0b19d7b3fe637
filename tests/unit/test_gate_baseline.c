/* Baselines: what was there before. */
#include "../support/unit.h"

#include "../support/leaks.h"
#include "base/text.h"
#include "common.h"
#include "gate/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static struct leaks_by_hand hand;
static struct baseline baseline;
static char why_buf[1024], path[] = "/tmp/test_gate_baseline.XXXXXX";

static int begin(void **state)
{
    (void)state;
    hand = (struct leaks_by_hand){.leaks = {.n = 0}};
    baseline = (struct baseline){.n = 0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    baseline_release(&baseline);
    arena_release(&hand.leaks.arena);
    return 0;
}

static struct leak *add(int64_t count, const char *const *frames)
{
    return leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, count, 10 * count, frames);
}

static int read_text(const char *text)
{
    struct text why = TEXT_ON(why_buf);
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    why_buf[0] = '\0';
    return baseline_read(&baseline, path, &why);
}

static char *write_text(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    baseline_write(out, &hand.leaks);
    fclose(out);
    return text;
}

static void what_was_written_is_known(void **state)
{
    struct leak *a = add(3, LEAK_STACK("parse", "main")), *b = add(1, LEAK_STACK("load", "main"));
    char *text = write_text();

    (void)state;
    assert_int_equal(read_text(text), 0);
    free(text);
    assert_int_equal(baseline_compare(&baseline, &hand.leaks), 0);
    assert_int_equal(a->baseline, LEAK_KNOWN);
    assert_int_equal(b->baseline, LEAK_KNOWN);
}

static void lines_are_ordered_by_kind_and_stack_and_hold_no_line_numbers(void **state)
{
    char *text;

    (void)state;
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 2, 2, LEAK_STACK("zeta@/opt/app@z.c:1", "main"));
    leaks_add_by_hand(&hand, LEAK_FD, LEAK_OPEN, 1, 0, LEAK_STACK("zeta", "main"));
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_INDIRECT, 1, 1, LEAK_STACK("alpha", "main"));
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 5, 5, LEAK_STACK("zeta@/opt/app@z.c:9", "main"));
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 5, 5, LEAK_STACK("suppressed", "main"))->suppressed_by = "x";
    text = write_text();
    assert_string_equal(text, "# leaktrace gate --baseline: FINGERPRINT KIND COUNT STACK\n"
                              "96024a64f40c4355 fd 1 zeta < main [app]\n"
                              "e9612f1485f4cbc9 heap 1 alpha < main [app]\n"
                              "7217235597b6272d heap 7 zeta < main [app]\n");
    free(text);
}

static void more_than_there_was_is_more(void **state)
{
    struct leak *leak = add(3, LEAK_STACK("parse", "main")), *again;
    char *text = write_text();

    (void)state;
    assert_int_equal(read_text(text), 0);
    free(text);
    again = add(1, LEAK_STACK("parse@/opt/app@other.c:7", "main"));
    baseline_compare(&baseline, &hand.leaks);
    assert_int_equal(leak->baseline, LEAK_MORE);
    assert_int_equal(again->baseline, LEAK_MORE);
}

static void what_is_not_there_is_new_and_what_is_gone_is_counted(void **state)
{
    struct leak *leak = add(1, LEAK_STACK("fresh", "main"));

    (void)state;
    assert_int_equal(read_text("0123456789abcdef heap 3 parse < load < main [app]\n"), 0);
    assert_int_equal(baseline_compare(&baseline, &hand.leaks), 1);
    assert_int_equal(leak->baseline, LEAK_NEW);
}

static void a_function_that_was_inlined_makes_no_new_leak(void **state)
{
    struct leak *leak = add(3, LEAK_STACK("parse", "main"));

    (void)state;
    assert_int_equal(read_text("0123456789abcdef heap 3 parse < load < main [app]\n"), 0);
    assert_int_equal(baseline_compare(&baseline, &hand.leaks), 0);
    assert_int_equal(leak->baseline, LEAK_KNOWN);
}

static void an_entry_that_is_found_stands_for_no_other_leak(void **state)
{
    struct leak *old = add(3, LEAK_STACK("parse", "load", "main")), *leak = add(1, LEAK_STACK("parse", "main"));
    char *line = must_format("%s heap 3 %s\n", old->fingerprint.id, old->fingerprint.stack);

    (void)state;
    assert_int_equal(read_text(line), 0);
    free(line);
    baseline_compare(&baseline, &hand.leaks);
    assert_int_equal(old->baseline, LEAK_KNOWN);
    assert_int_equal(leak->baseline, LEAK_NEW);
}

static void stacks_are_similar_when_one_has_only_some_functions_more(void **state)
{
    static const struct {
        const char *a, *b;
        bool similar;
    } rows[] = {
        {"a < b < main [x]", "a < main [x]", true},
        {"a < main [x]", "a < b < main [x]", true},
        {"a < b [lib] < main [x]", "a [lib] < main [x]", true},
        {"b < a < main [x]", "a < main [x]", true},
        {"a < b < main [x]", "a < c < main [x]", false},
        {"a < b < c < d < main [x]", "a < main [x]", false},
        {"a < b < main [x]", "a < b < run [x]", false},
        {"main [x]", "a < main [x]", false},
        {"a < b < main [x]", "b < a < main [x]", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (baseline_is_similar(rows[i].a, rows[i].b) != rows[i].similar)
            fail_msg("'%s' and '%s'", rows[i].a, rows[i].b);
}

static void of_two_lines_of_one_leak_the_larger_holds(void **state)
{
    struct leak *leak = add(4, LEAK_STACK("parse", "main"));
    char *text = must_format("%s heap 2 parse < main [app]\n\n# merged by hand\r\n%s heap 4 parse < main [app]\r\n",
                             leak->fingerprint.id, leak->fingerprint.id);

    (void)state;
    assert_int_equal(read_text(text), 0);
    free(text);
    assert_int_equal(baseline.n, 1);
    baseline_compare(&baseline, &hand.leaks);
    assert_int_equal(leak->baseline, LEAK_KNOWN);
}

static void what_is_no_baseline_is_refused_with_its_line(void **state)
{
    static const char *const rows[] = {
        "hello",
        "0123456789abcdef heap 3",
        "0123456789abcdef heap 3 ",
        "0123456789abcdeg heap 3 main",
        "0123456789abcde heap 3 main",
        "0123456789abcdef heap x main",
        "0123456789abcdef heap -1 main",
        "0123456789abcdef  3 main",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = must_format("# first\n%s\n", rows[i]);

        assert_int_equal(read_text(text), -EINVAL);
        assert_non_null(strstr(why_buf, ":2: no line of a baseline"));
        free(text);
    }
    assert_int_equal(read_text("<<<<<<< HEAD\n"), -EINVAL);
    assert_non_null(strstr(why_buf, ":1: a merge that is not done"));
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct text why = TEXT_ON(why_buf);

    (void)state;
    why_buf[0] = '\0';
    assert_int_equal(baseline_read(&baseline, "/nonexistent/file", &why), -ENOENT);
    assert_non_null(strstr(why_buf, "/nonexistent/file: "));
}

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_known, begin, end),
        cmocka_unit_test_setup_teardown(lines_are_ordered_by_kind_and_stack_and_hold_no_line_numbers, begin, end),
        cmocka_unit_test_setup_teardown(more_than_there_was_is_more, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_new_and_what_is_gone_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(a_function_that_was_inlined_makes_no_new_leak, begin, end),
        cmocka_unit_test_setup_teardown(an_entry_that_is_found_stands_for_no_other_leak, begin, end),
        cmocka_unit_test_setup_teardown(stacks_are_similar_when_one_has_only_some_functions_more, begin, end),
        cmocka_unit_test_setup_teardown(of_two_lines_of_one_leak_the_larger_holds, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_baseline_is_refused_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_an_error, begin, end),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
