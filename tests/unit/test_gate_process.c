/* The tests that processes belong to. */
#include "../support/unit.h"

#include "gate/process.h"
#include "profile/profile.h"

#include <string.h>

static struct gate_processes processes;

static int begin(void **state)
{
    (void)state;
    processes = (struct gate_processes){.n = 0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    process_release(&processes);
    return 0;
}

static struct gate_process *add(const char *exe, int pid, const char *a, const char *b, const char *c)
{
    const char *comments[] = {a, b, c};
    struct profile profile = {.comments = comments};

    while (profile.n_comments < 3 && comments[profile.n_comments] != NULL)
        profile.n_comments++;
    return process_add(&processes, exe, pid, &profile);
}

static void names_of_tests_come_from_frameworks(void **state)
{
    struct gate_process *pytest = add("app", 10, "test pytest tests/test_a.py::test_b[x (y)] (call)", NULL, NULL);
    struct gate_process *bats = add("app", 11, "test bats-name test_a_name-3a_with-2dsigns", NULL, NULL);
    struct gate_process *described = add("app", 12, "test bats a_name: with-signs", NULL, NULL);
    struct gate_process *plain = add("app", 14, "test bats-name test_snake-2d5fcase_and_a-2dsign", NULL, NULL);
    struct gate_process *none = add("app", 13, NULL, NULL, NULL);

    (void)state;
    process_name_tests(&processes);
    assert_string_equal(pytest->test, "tests/test_a.py::test_b[x (y)]");
    assert_string_equal(bats->test, "a name: with-signs");
    assert_string_equal(described->test, "a_name: with-signs");
    assert_string_equal(plain->test, "snake_case and a-sign");
    assert_string_equal(none->test, "");
}

static void under_ctest_the_command_that_it_has_started_is_the_name(void **state)
{
    struct gate_process *ctest = add("ctest", 100, "parent 1", NULL, NULL);
    struct gate_process *test = add("unit_a", 101, "parent 100", "command /build/unit_a --fast /x/y", NULL);
    struct gate_process *child = add("helper", 102, "parent 101", "command helper", NULL);
    struct gate_process *stranger = add("other", 103, "parent 1", "command other", NULL);

    (void)state;
    process_name_tests(&processes);
    assert_string_equal(ctest->test, "");
    assert_string_equal(test->test, "unit_a --fast /x/y");
    assert_string_equal(child->test, "unit_a --fast /x/y");
    assert_string_equal(stranger->test, "");
}

static void a_child_without_a_name_has_its_parents(void **state)
{
    struct gate_process *child = add("cc", 52, "parent 51", NULL, NULL);

    (void)state;
    add("sh", 51, "parent 50", NULL, NULL);
    add("sh", 50, "parent 1", "test pytest t.py::a (setup)", NULL);
    process_name_tests(&processes);
    assert_string_equal(child->test, "t.py::a");
}

static void parents_in_a_circle_come_to_an_end(void **state)
{
    struct gate_process *a = add("a", 7, "parent 8", NULL, NULL);

    (void)state;
    add("b", 8, "parent 7", NULL, NULL);
    process_name_tests(&processes);
    assert_string_equal(a->test, "");
}

static void a_forked_child_whose_mark_is_its_fork_inherits(void **state)
{
    (void)state;
    assert_true(add("a", 1, "forked_from 3", "inherited_fds 2", "inherited_bytes 10")->inherits);
    assert_false(add("a", 2, "forked_from 3", "inherited_fds 2", NULL)->inherits);
    assert_false(add("a", 3, NULL, NULL, NULL)->inherits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_of_tests_come_from_frameworks, begin, end),
        cmocka_unit_test_setup_teardown(under_ctest_the_command_that_it_has_started_is_the_name, begin, end),
        cmocka_unit_test_setup_teardown(a_child_without_a_name_has_its_parents, begin, end),
        cmocka_unit_test_setup_teardown(parents_in_a_circle_come_to_an_end, begin, end),
        cmocka_unit_test_setup_teardown(a_forked_child_whose_mark_is_its_fork_inherits, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
