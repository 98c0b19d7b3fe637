/* The folder of the dumps: which one, and when it cannot be used. */
#include "../support/unit.h"

#include "base/log.h"
#include "dump/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/test_folder.XXXXXX";
static char path[4096];
static char log_path[128];

static int prepare(void **state)
{
    (void)state;
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(log_path, sizeof(log_path), "%s/log", base);
    log_set_target(log_path);
    return 0;
}

static int clean_up(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command);
}

/* What was logged since the last call; at most one line. */
static const char *logged(void)
{
    static char line[1024];
    FILE *file = fopen(log_path, "r");

    line[0] = '\0';
    if (file == NULL)
        return line;
    if (fgets(line, sizeof(line), file) != NULL)
        assert_int_equal(fgetc(file), EOF);
    fclose(file);
    assert_int_equal(unlink(log_path), 0);
    return line;
}

static void choose_default(void)
{
    char expected[256];

    assert_true(folder_choose("", base, path, sizeof(path)));
    snprintf(expected, sizeof(expected), "%s/leaktrace-%u", base, getuid());
    assert_string_equal(path, expected);
}

static void assert_refused(const char *why)
{
    assert_false(folder_prepare(path));
    if (strstr(logged(), why) == NULL)
        fail_msg("there is no line with '%s'", why);
}

static void without_a_choice_it_is_the_user_s_own_in_the_folder_for_temporary_files(void **state)
{
    char expected[64];

    (void)state;
    choose_default();
    snprintf(expected, sizeof(expected), "/tmp/leaktrace-%u", getuid());
    assert_true(folder_choose("", NULL, path, sizeof(path)));
    assert_string_equal(path, expected);
    assert_true(folder_choose("", "relative", path, sizeof(path)));
    assert_string_equal(path, expected);
    assert_true(folder_choose("", "", path, sizeof(path)));
    assert_string_equal(path, expected);
}

static void a_chosen_folder_is_made_absolute(void **state)
{
    char expected[4096], here[2048];

    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(expected, sizeof(expected), "%s/some/dumps", here);
    assert_true(folder_choose("some/dumps", NULL, path, sizeof(path)));
    assert_string_equal(path, expected);
    assert_true(folder_choose("/var/dumps", NULL, path, sizeof(path)));
    assert_string_equal(path, "/var/dumps");
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    char small[16];

    (void)state;
    assert_false(folder_choose("/a/path/of/more/than/that", NULL, small, sizeof(small)));
    assert_true(strlen(small) < sizeof(small));
    assert_false(folder_choose("", "/a/long/tmp", small, sizeof(small)));
}

static void the_default_folder_is_made_for_its_user_alone(void **state)
{
    struct stat st;

    (void)state;
    choose_default();
    umask(0);
    assert_true(folder_prepare(path));
    umask(022);
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    assert_true(folder_prepare(path));
    assert_string_equal(logged(), "");
}

static void the_default_folder_must_not_be_open_to_others(void **state)
{
    static const mode_t modes[] = {0701, 0710, 0720, 0770, 0704, 0702, 0777, 01777};

    (void)state;
    choose_default();
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_refused("others may write or read in it");
        assert_int_equal(chmod(path, 0700), 0);
        assert_true(folder_prepare(path));
    }
}

static void the_default_folder_must_be_no_link_and_no_file(void **state)
{
    char elsewhere[256];
    FILE *file;

    (void)state;
    choose_default();
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", base);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_refused("it is a link or no folder");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/nowhere", path), 0);
    assert_false(folder_prepare(path));
    assert_int_equal(unlink(path), 0);
    assert_true(folder_prepare(path));
    assert_int_equal(rmdir(path), 0);
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_refused("it is a link or no folder");
    assert_int_equal(unlink(path), 0);
}

/* Only root can give a folder away; others have it tested by the mode alone. */
static void the_default_folder_must_be_the_user_s_own(void **state)
{
    (void)state;
    choose_default();
    assert_true(folder_prepare(path));
    if (chown(path, 65534, 65534) == 0) {
        assert_refused("it belongs to another user");
        assert_int_equal(chown(path, geteuid(), getegid()), 0);
    }
    assert_true(folder_prepare(path));
}

static void a_chosen_folder_may_be_a_link_and_open_to_others(void **state)
{
    char chosen[256];

    (void)state;
    snprintf(chosen, sizeof(chosen), "%s/chosen", base);
    assert_int_equal(symlink("elsewhere", chosen), 0);
    assert_true(folder_choose(chosen, NULL, path, sizeof(path)));
    assert_true(folder_prepare(path));
    snprintf(chosen, sizeof(chosen), "%s/elsewhere", base);
    assert_int_equal(chmod(chosen, 0777), 0);
    assert_true(folder_choose(chosen, NULL, path, sizeof(path)));
    assert_true(folder_prepare(path));
    assert_string_equal(logged(), "");
}

static void the_same_complaint_is_made_once_and_a_new_one_again(void **state)
{
    char chosen[256];

    (void)state;
    snprintf(chosen, sizeof(chosen), "%s/missing/dumps", base);
    assert_true(folder_choose(chosen, NULL, path, sizeof(path)));
    assert_refused("No such file or directory");
    assert_false(folder_prepare(path));
    assert_string_equal(logged(), "");
    snprintf(chosen, sizeof(chosen), "%s/missing", base);
    assert_int_equal(mkdir(chosen, 0700), 0);
    assert_true(folder_prepare(path));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(chosen), 0);
    assert_refused("No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_choice_it_is_the_user_s_own_in_the_folder_for_temporary_files),
        cmocka_unit_test(a_chosen_folder_is_made_absolute),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
        cmocka_unit_test(the_default_folder_is_made_for_its_user_alone),
        cmocka_unit_test(the_default_folder_must_not_be_open_to_others),
        cmocka_unit_test(the_default_folder_must_be_no_link_and_no_file),
        cmocka_unit_test(the_default_folder_must_be_the_user_s_own),
        cmocka_unit_test(a_chosen_folder_may_be_a_link_and_open_to_others),
        cmocka_unit_test(the_same_complaint_is_made_once_and_a_new_one_again),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
