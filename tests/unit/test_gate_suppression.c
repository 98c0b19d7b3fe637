/* Suppressions: LeakSanitizer's lines and valgrind's blocks. */
#include "../support/unit.h"

#include "base/text.h"
#include "gate/suppression.h"
#include "../support/leaks.h"

#include <errno.h>
#include <stdio.h>

#define TODAY "2026-11-28"

static struct leaks_by_hand hand;
static struct suppressions list;
static char why_buf[512];

static int begin(void **state)
{
    (void)state;
    hand = (struct leaks_by_hand){.leaks = {.n = 0}};
    list = (struct suppressions){.first = NULL};
    return 0;
}

static int end(void **state)
{
    (void)state;
    suppression_release(&list);
    arena_release(&hand.leaks.arena);
    return 0;
}

static int read_text(const char *text)
{
    struct text why = TEXT_ON(why_buf);

    why_buf[0] = '\0';
    return suppression_read_text(&list, "s.supp", text, &why);
}

/* What suppresses a heap leak of that stack. */
static const char *suppressed_by(const char *text, const char *const *frames)
{
    struct leak *leak;

    hand.leaks.n = 0;
    leak = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 3, 96, frames);
    suppression_release(&list);
    list = (struct suppressions){.first = NULL};
    assert_int_equal(read_text(text), 0);
    suppression_apply(&list, &hand.leaks, TODAY);
    return leak->suppressed_by;
}

static void a_line_matches_function_file_or_module_of_any_frame(void **state)
{
    const char *const *stack = LEAK_STACK("ns::parse(char const*)@/opt/libparse.so.1@src/parse.c:12", "main");

    (void)state;
    assert_string_equal(suppressed_by("leak:parse", stack), "leak:parse");
    assert_non_null(suppressed_by("leak:^ns::parse(char const*)$", stack));
    assert_non_null(suppressed_by("leak:src/parse.c", stack));
    assert_non_null(suppressed_by("leak:libparse.so", stack));
    assert_non_null(suppressed_by("# comment\n\n  leak:^main$  \r\n", stack));
    assert_null(suppressed_by("leak:^parse", stack));
    assert_null(suppressed_by("fd:parse\nthread:parse\nmmap:parse", stack));
}

static void each_kind_has_its_own_lines(void **state)
{
    struct leak *fd = leaks_add_by_hand(&hand, LEAK_FD, LEAK_OPEN, 1, 0, LEAK_STACK("main"));
    struct leak *thread = leaks_add_by_hand(&hand, LEAK_THREAD, LEAK_RUNNING, 1, 0, LEAK_STACK("main"));

    (void)state;
    assert_int_equal(read_text("leak:main\nfd:main"), 0);
    suppression_apply(&list, &hand.leaks, TODAY);
    assert_string_equal(fd->suppressed_by, "fd:main");
    assert_null(thread->suppressed_by);
}

static void a_maximum_holds_for_all_that_match_together(void **state)
{
    struct leak *a = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 2, 1, LEAK_STACK("pool_a"));
    struct leak *b = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 3, 1, LEAK_STACK("pool_b"));

    (void)state;
    assert_int_equal(read_text("leak:pool max=5"), 0);
    suppression_apply(&list, &hand.leaks, TODAY);
    assert_non_null(a->suppressed_by);
    assert_non_null(b->suppressed_by);
    suppression_release(&list);
    list = (struct suppressions){.first = NULL};
    assert_int_equal(read_text("leak:pool max=4"), 0);
    suppression_apply(&list, &hand.leaks, TODAY);
    assert_null(a->suppressed_by);
    assert_null(b->suppressed_by);
    assert_int_equal(list.first->matched, 5);
}

static void a_line_holds_until_its_last_day(void **state)
{
    const char *const *stack = LEAK_STACK("main");

    (void)state;
    assert_non_null(suppressed_by("leak:main until=2026-11-28", stack));
    assert_null(suppressed_by("leak:main until=2026-11-27", stack));
    assert_non_null(suppressed_by("leak:main until=2026-11-27\nleak:main until=2027-01-01 max=3", stack));
}

static void blanks_belong_to_the_pattern(void **state)
{
    (void)state;
    assert_non_null(suppressed_by("leak:vector<int, std max=3", LEAK_STACK("vector<int, std::allocator<int> >::push(int)")));
    assert_string_equal(list.first->pattern, "vector<int, std");
}

static void a_block_matches_from_the_leaf_on(void **state)
{
    const char *const *stack = LEAK_STACK("g_malloc@/usr/lib/libglib-2.0.so.0", "load@/opt/app@src/load.c:12", "run", "main");

    (void)state;
    assert_string_equal(suppressed_by("{\n  glib\n  Memcheck:Leak\n  fun:malloc\n  fun:g_malloc\n}\n", stack), "glib");
    assert_non_null(suppressed_by("{\nx\nMemcheck:Leak\nfun:g_mal*\nobj:/opt/app\n}", stack));
    assert_non_null(suppressed_by("{\nx\nMemcheck:Leak\nfun:*alloc\n...\nfun:main\n}", stack));
    assert_non_null(suppressed_by("{\nx\nMemcheck:Leak\n...\nsrc:load.c:12\nfun:run\n}", stack));
    assert_null(suppressed_by("{\nx\nMemcheck:Leak\n...\nsrc:load.c:13\n}", stack));
    assert_null(suppressed_by("{\nx\nMemcheck:Leak\nfun:load\n}", stack));
    assert_null(suppressed_by("{\nx\nMemcheck:Leak\nfun:g_malloc\nfun:main\n}", stack));
    assert_null(suppressed_by("{\nx\nMemcheck:Leak\n...\nfun:main\nfun:more\n}", stack));
}

static void a_block_may_name_the_kinds_of_leaks(void **state)
{
    const char *const *stack = LEAK_STACK("main");

    (void)state;
    assert_non_null(suppressed_by("{\nx\nMemcheck:Leak\nmatch-leak-kinds: definite,possible\nfun:main\n}", stack));
    assert_non_null(suppressed_by("{\nx\nMemcheck:Leak\nmatch-leak-kinds:all\nfun:main\n}", stack));
    assert_null(suppressed_by("{\nx\nMemcheck:Leak\nmatch-leak-kinds: reachable\nfun:main\n}", stack));
}

static void blocks_of_other_errors_are_passed_over(void **state)
{
    (void)state;
    assert_null(suppressed_by("{\nx\nMemcheck:Cond\nfun:main\n}\n{\ny\nHelgrind:Race\nsomething odd\nfun:main\n}\n",
                              LEAK_STACK("main")));
    assert_null(list.first);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"leak:a\nrace:b", "s.supp:2: neither leak:, fd:, thread: or mmap: nor a block of valgrind's: 'race:b'"},
        {"leak:", "s.supp:1: a pattern is missing: 'leak:'"},
        {"leak:a max=x", "s.supp:1: max takes a number: 'x'"},
        {"leak:a until=2026-13-01", "s.supp:1: until takes a date such as 2026-12-31: '2026-13-01'"},
        {"leak:a until=soon", "s.supp:1: until takes a date such as 2026-12-31: 'soon'"},
        {"{\nx\nMemcheck:Leak\nfun:a", "s.supp:4: a block of valgrind's does not end"},
        {"{\n}", "s.supp:2: a block has neither name nor type"},
        {"{\nx\nMemcheck:Leak\nfoo:a\n}", "s.supp:4: no line of a block of valgrind's: 'foo:a'"},
        {"{\nx\nMemcheck:Leak\nmatch-leak-kinds: some\n}",
         "s.supp:4: match-leak-kinds takes definite, indirect, possible, reachable, all or none: 'some'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(read_text(rows[i].text), -EINVAL);
        assert_string_equal(why_buf, rows[i].why);
    }
}

static void the_default_list_can_be_read(void **state)
{
    (void)state;
    suppression_add_defaults(&list);
    assert_non_null(list.first);
    assert_null(list.first->file);
}

static void what_is_generated_suppresses_what_it_was_made_for(void **state)
{
    struct leak *a = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, LEAK_STACK("ns::f(int*)", "main"));
    struct leak *b = leaks_add_by_hand(&hand, LEAK_FD, LEAK_OPEN, 1, 1, LEAK_STACK("app+0x12", "main"));
    struct leak *c = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, LEAK_STACK("ns::g$1(int)", "main"));
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    a->fails = b->fails = c->fails = true;
    suppression_write(out, &hand.leaks);
    fclose(out);
    assert_int_equal(read_text(text), 0);
    free(text);
    suppression_apply(&list, &hand.leaks, TODAY);
    assert_string_equal(a->suppressed_by, "leak:^ns::f(int");
    assert_string_equal(b->suppressed_by, "fd:app");
    assert_string_equal(c->suppressed_by, "leak:^ns::g");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_matches_function_file_or_module_of_any_frame, begin, end),
        cmocka_unit_test_setup_teardown(each_kind_has_its_own_lines, begin, end),
        cmocka_unit_test_setup_teardown(a_maximum_holds_for_all_that_match_together, begin, end),
        cmocka_unit_test_setup_teardown(a_line_holds_until_its_last_day, begin, end),
        cmocka_unit_test_setup_teardown(blanks_belong_to_the_pattern, begin, end),
        cmocka_unit_test_setup_teardown(a_block_matches_from_the_leaf_on, begin, end),
        cmocka_unit_test_setup_teardown(a_block_may_name_the_kinds_of_leaks, begin, end),
        cmocka_unit_test_setup_teardown(blocks_of_other_errors_are_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(the_default_list_can_be_read, begin, end),
        cmocka_unit_test_setup_teardown(what_is_generated_suppresses_what_it_was_made_for, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
