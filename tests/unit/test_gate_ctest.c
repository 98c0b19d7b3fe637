/* CTest's lists of tests. */
#include "../support/unit.h"

#include "common.h"
#include "base/arena.h"
#include "gate/ctest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_gate_ctest.XXXXXX";
static struct arena arena;

static void write_file(const char *name, const char *text)
{
    char *path = must_format("%s/%s", folder, name);
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    free(path);
}

static void tests_are_found_by_their_command_line(void **state)
{
    (void)state;
    write_file("CTestTestfile.cmake", "# CMake generated\n"
                                      "add_test(plain \"/bin/prog\" \"--a\")\n"
                                      "set_tests_properties(plain PROPERTIES  TIMEOUT \"3\")\n"
                                      "add_test([=[with blanks]=] \"/bin/prog\" \"a b\" \"\\\"q\\\" \\$x\")\n"
                                      "add_test([=[no arguments]=] \"/bin/other\")\n"
                                      "subdirs(\"below\")\n");
    write_file("below/CTestTestfile.cmake", "add_test(deep \"/bin/deep\")\nsubdirs(\"..\")\n");
    assert_string_equal(ctest_find(&arena, folder, "/bin/prog --a"), "plain");
    assert_string_equal(ctest_find(&arena, folder, "/bin/prog a b \"q\" $x"), "with blanks");
    assert_string_equal(ctest_find(&arena, folder, "/bin/other"), "no arguments");
    assert_string_equal(ctest_find(&arena, folder, "/bin/deep"), "deep");
    assert_null(ctest_find(&arena, folder, "/bin/prog"));
    assert_null(ctest_find(&arena, "/nonexistent", "/bin/prog"));
    assert_null(ctest_find(&arena, "", "/bin/prog"));
}

static void what_is_no_list_is_passed_over(void **state)
{
    static const char *const texts[] = {"add_test(",     "add_test()",    "add_test(a",
                                        "add_test(a \"", "add_test([=[a", "my_add_test(a \"/bin/prog\")",
                                        ")))",           "subdirs(",      "subdirs(\"x\" \"\\"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        write_file("CTestTestfile.cmake", texts[i]);
        assert_null(ctest_find(&arena, folder, "/bin/prog"));
    }
}

static void a_command_that_was_cut_off_is_found_by_its_beginning(void **state)
{
    char argument[601], *text, *command;

    (void)state;
    memset(argument, 'x', sizeof(argument) - 1);
    argument[sizeof(argument) - 1] = '\0';
    text = must_format("add_test(long \"/bin/prog\" \"%s\")", argument);
    write_file("CTestTestfile.cmake", text);
    free(text);
    command = must_format("/bin/prog %.*s", 501, argument);
    assert_string_equal(ctest_find(&arena, folder, command), "long");
    free(command);
}

static int make_folder(void **state)
{
    char *below;

    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    below = must_format("%s/below", folder);
    mkdir(below, 0700);
    free(below);
    return 0;
}

static int remove_folder(void **state)
{
    char *command = must_format("rm -r %s", folder);
    int ret = system(command);

    (void)state;
    free(command);
    arena_release(&arena);
    return ret;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_are_found_by_their_command_line),
        cmocka_unit_test(what_is_no_list_is_passed_over),
        cmocka_unit_test(a_command_that_was_cut_off_is_found_by_its_beginning),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
