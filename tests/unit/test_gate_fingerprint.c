/* Fingerprints: the same leak, built anew. */
#include "../support/unit.h"

#include "../support/leaks.h"

#include <stdio.h>

static struct leaks_by_hand hand;

static int begin(void **state)
{
    (void)state;
    hand = (struct leaks_by_hand){.leaks = {.n = 0}};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&hand.leaks.arena);
    return 0;
}

static struct fingerprint print_of(const char *const *frames)
{
    return leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, frames)->fingerprint;
}

static void names_lose_what_is_not_the_authors(void **state)
{
    static const struct {
        const char *name, *normal;
    } rows[] = {
        {"parse", "parse"},
        {"parse.isra.0", "parse"},
        {"parse.constprop.12", "parse"},
        {"parse.part.0.isra.3", "parse"},
        {"parse.cold", "parse"},
        {"parse.lto_priv.0", "parse"},
        {"parse.llvm.123456789", "parse"},
        {"parse.12", "parse"},
        {"parse.particle", "parse.particle"},
        {"ns::parse(int, char const*)", "ns::parse"},
        {"ns::parse(int) const", "ns::parse"},
        {"ns::parse(int) [clone .isra.0]", "ns::parse"},
        {"Box<int, std::less<int> >::add(int)", "Box::add"},
        {"Box<A>::Inner<B>::operator()(int) const", "Box::Inner::operator()"},
        {"operator<<(std::ostream&, A const&)", "operator<<"},
        {"A::operator<(A const&) const", "A::operator<"},
        {"A::operator->()", "A::operator->"},
        {"myoperator<int>()", "myoperator"},
        {"(anonymous namespace)::parse()", "A::parse"},
        {"main::{lambda(int)#1}::operator()(int) const", "main::L::operator()"},
        {"name[abi:cxx11](int)", "name"},
        {"non-virtual thunk to A::run()", "A::run"},
        {"app::work::h0123456789abcdef", "app::work"},
        {"<app::T as app::Trait>::run", "<app::T as app::Trait>::run"},
        {"", ""},
        {"(", "("},
        {"<", "<"},
        {"a(b", "a"},
        {"a->b", "a->b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *normal = fingerprint_normalize(rows[i].name);

        assert_string_equal(normal, rows[i].normal);
        free(normal);
    }
}

static void the_stack_is_that_of_the_users_own_code(void **state)
{
    struct fingerprint print =
        print_of(LEAK_STACK("strdup@/usr/lib/libc.so.6", "copy@/opt/lib/libx.so.1.2", "load@/opt/lib/libx.so.1.2", "main",
                            "__libc_start_main@/usr/lib/libc.so.6", "_start"));

    (void)state;
    assert_string_equal(print.stack, "copy < load [libx.so] < main [app]");
    assert_int_equal(strlen(print.id), 16);
}

static void moved_lines_versions_and_folders_change_nothing(void **state)
{
    struct fingerprint a = print_of(LEAK_STACK("copy.isra.0@/opt/lib/libx.so.1@x.c:12", "main@/opt/app@m.c:1"));
    struct fingerprint b = print_of(LEAK_STACK("copy@/home/ci/libx.so.2@src/x.c:99", "main@/build/app@m.c:7"));

    (void)state;
    assert_string_equal(a.id, b.id);
}

static void what_calls_itself_is_there_once(void **state)
{
    struct fingerprint once = print_of(LEAK_STACK("walk", "main"));
    struct fingerprint often = print_of(LEAK_STACK("walk", "visit", "walk", "visit", "walk", "main"));

    (void)state;
    assert_string_equal(print_of(LEAK_STACK("walk", "walk", "walk", "main")).id, once.id);
    assert_string_equal(often.stack, "walk < visit < main [app]");
}

static void functions_without_names_are_told_by_their_module(void **state)
{
    struct fingerprint a = print_of(LEAK_STACK("app+0x1234", "app+0x99", "main"));

    (void)state;
    assert_string_equal(a.stack, "? < main [app]");
}

static void a_stack_of_system_libraries_alone_is_still_told(void **state)
{
    struct fingerprint a = print_of(LEAK_STACK("tzset@/usr/lib/libc.so.6"));

    (void)state;
    assert_string_equal(a.stack, "tzset [libc.so]");
    assert_string_equal(print_of((const char *const[]){NULL}).stack, "?");
}

static void kinds_and_growth_are_told_apart(void **state)
{
    const char *const *stack = LEAK_STACK("main");
    struct leak *heap = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, stack);
    struct leak *indirect = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_INDIRECT, 1, 1, stack);
    struct leak *fd = leaks_add_by_hand(&hand, LEAK_FD, LEAK_OPEN, 1, 0, stack);
    struct leak *growth = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_GROWTH, 1, 1, stack);

    (void)state;
    assert_string_equal(heap->fingerprint.id, indirect->fingerprint.id);
    assert_string_not_equal(heap->fingerprint.id, fd->fingerprint.id);
    assert_string_not_equal(heap->fingerprint.id, growth->fingerprint.id);
}

/* Files of users hold it: it must not change from version to version. */
static void the_hash_is_the_one_that_baselines_hold(void **state)
{
    char id[17];

    (void)state;
    fingerprint_hash("fd", "leak_fd < main [leak1]", id);
    assert_string_equal(id, "9838ea0732cafc54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_lose_what_is_not_the_authors, begin, end),
        cmocka_unit_test_setup_teardown(the_stack_is_that_of_the_users_own_code, begin, end),
        cmocka_unit_test_setup_teardown(moved_lines_versions_and_folders_change_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_calls_itself_is_there_once, begin, end),
        cmocka_unit_test_setup_teardown(functions_without_names_are_told_by_their_module, begin, end),
        cmocka_unit_test_setup_teardown(a_stack_of_system_libraries_alone_is_still_told, begin, end),
        cmocka_unit_test_setup_teardown(kinds_and_growth_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(the_hash_is_the_one_that_baselines_hold, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
