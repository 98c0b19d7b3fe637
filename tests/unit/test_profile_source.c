/* What a SOURCE stands for: names of dumps, and the newest complete set of a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "profile/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/leaktrace-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

/* Makes an empty file, last written `second` seconds after 1970. */
static void make_file(const char *name, long second)
{
    const struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void names_are_taken_apart_from_their_end(void **state)
{
    struct source_name name;

    (void)state;
    assert_true(source_parse_name("my.app-1.2.4711.0012.heap_growth.pb.gz", &name));
    assert_string_equal(name.exe, "my.app-1.2");
    assert_int_equal(name.pid, 4711);
    assert_string_equal(name.seq, "0012");
    assert_string_equal(name.kind, "heap_growth");
    assert_true(source_parse_name("a.1.last.fd.pb.gz", &name));
    assert_true(source_parse_name("a.1.12345.fd.pb.gz", &name));
}

static void other_names_are_no_dumps(void **state)
{
    static const char *const names[] = {"",
                                        ".pb.gz",
                                        "heap.pb.gz",
                                        "0001.heap.pb.gz",
                                        "1.0001.heap.pb.gz",
                                        ".1.0001.heap.pb.gz",
                                        ".a.1.0001.heap.pb.gz",
                                        "a.1.0001.heap.pb",
                                        "a.1.001.heap.pb.gz",
                                        "a.x.0001.heap.pb.gz",
                                        "a.0.0001.heap.pb.gz",
                                        "a.99999999999.0001.heap.pb.gz",
                                        "a.1.00x1.heap.pb.gz",
                                        "a.1.0001..pb.gz",
                                        "a.1.0001.heap.pb.gz.tmp",
                                        "a.1.status",
                                        "a..0001.heap.pb.gz"};
    struct source_name name;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(source_parse_name(names[i], &name));
}

static void a_folder_stands_for_the_newest_set_of_each_process(void **state)
{
    const struct source_filter any = {.pid = 0};
    struct source source = {0};

    (void)state;
    make_file("a.1.0009.heap.pb.gz", 9);
    make_file("a.1.0010.heap.pb.gz", 10);
    make_file("a.1.0010.fd.pb.gz", 10);
    make_file("b.2.0001.heap.pb.gz", 5);
    make_file("b.2.status", 5);
    assert_int_equal(source_add_folder(&source, folder, &any, NULL), 0);
    assert_int_equal(source.n_sets, 2);
    assert_string_equal(source.sets[0].exe, "a");
    assert_string_equal(source.sets[0].seq, "0010");
    assert_int_equal(source.sets[0].n_files, 2);
    assert_string_equal(source.sets[0].files[0].kind, "fd");
    assert_string_equal(source.sets[0].files[1].kind, "heap");
    assert_string_equal(source.sets[1].exe, "b");
    source_release(&source);
}

static void a_set_that_is_being_written_is_passed_over(void **state)
{
    const struct source_filter any = {.pid = 0};
    struct source source = {0};

    (void)state;
    make_file("a.1.0001.heap.pb.gz", 1);
    make_file("a.1.0001.fd.pb.gz", 1);
    make_file("a.1.0002.fd.pb.gz", 2);
    assert_int_equal(source_add_folder(&source, folder, &any, NULL), 0);
    assert_int_equal(source.n_sets, 1);
    assert_string_equal(source.sets[0].seq, "0001");
    source_release(&source);
    make_file("a.1.0002.heap.pb.gz", 2);
    assert_int_equal(source_add_folder(&source, folder, &any, NULL), 0);
    assert_string_equal(source.sets[0].seq, "0002");
    source_release(&source);
}

static void numbers_of_dumps_are_not_compared_as_words(void **state)
{
    const struct source_filter any = {.pid = 0};
    struct source source = {0};

    (void)state;
    make_file("a.1.9999.heap.pb.gz", 1);
    make_file("a.1.10000.heap.pb.gz", 1);
    assert_int_equal(source_add_folder(&source, folder, &any, NULL), 0);
    assert_string_equal(source.sets[0].seq, "10000");
    source_release(&source);
}

static void the_checkpoint_counts_when_it_is_newer_than_the_last_dump(void **state)
{
    const struct source_filter any = {.pid = 0};
    struct source source = {0};

    (void)state;
    make_file("a.1.0001.heap.pb.gz", 100);
    make_file("a.1.last.heap.pb.gz", 50);
    make_file("b.1.0001.heap.pb.gz", 100);
    make_file("b.1.last.heap.pb.gz", 150);
    assert_int_equal(source_add_folder(&source, folder, &any, NULL), 0);
    assert_int_equal(source.n_sets, 2);
    assert_string_equal(source.sets[0].seq, "0001");
    assert_string_equal(source.sets[1].seq, "last");
    source_release(&source);
}

static void a_filter_picks_process_number_and_time(void **state)
{
    const struct source_filter numbered = {.pid = 1, .exe = "a", .seq = "0001"};
    const struct source_filter fresh = {.pid = 1, .since = {.tv_sec = 100}};
    struct source source = {0};

    (void)state;
    make_file("a.1.0001.heap.pb.gz", 50);
    make_file("a.1.0002.heap.pb.gz", 60);
    make_file("b.1.0001.heap.pb.gz", 150);
    make_file("c.2.0001.heap.pb.gz", 150);
    assert_int_equal(source_add_folder(&source, folder, &numbered, NULL), 0);
    assert_int_equal(source.n_sets, 1);
    assert_string_equal(source.sets[0].seq, "0001");
    source_release(&source);
    assert_int_equal(source_add_folder(&source, folder, &fresh, NULL), 0);
    assert_int_equal(source.n_sets, 1);
    assert_string_equal(source.sets[0].exe, "b");
    source_release(&source);
}

static void a_file_brings_its_growth_along(void **state)
{
    struct source source = {0};
    char path[128];

    (void)state;
    make_file("a.1.0001.heap.pb.gz", 1);
    make_file("a.1.0001.heap_growth.pb.gz", 1);
    make_file("a.1.0001.fd.pb.gz", 1);
    snprintf(path, sizeof(path), "%s/a.1.0001.heap.pb.gz", folder);
    assert_int_equal(source_add_file(&source, path, NULL), 0);
    assert_int_equal(source.n_sets, 1);
    assert_int_equal(source.sets[0].n_files, 2);
    assert_string_equal(source.sets[0].files[1].kind, "heap_growth");
    snprintf(path, sizeof(path), "%s/a.1.0001.heap_growth.pb.gz", folder);
    assert_int_equal(source_add_file(&source, path, NULL), 0);
    assert_int_equal(source.sets[0].n_files, 2);
    snprintf(path, sizeof(path), "%s/a.1.0001.fd.pb.gz", folder);
    assert_int_equal(source_add_file(&source, path, NULL), 0);
    assert_int_equal(source.n_sets, 1);
    assert_int_equal(source.sets[0].n_files, 3);
    source_release(&source);
}

static void a_file_of_any_name_is_taken_as_it_is(void **state)
{
    struct source source = {0};
    char path[128], why_buf[128] = "";
    struct text why = TEXT_ON(why_buf);

    (void)state;
    make_file("profile.pb.gz", 1);
    snprintf(path, sizeof(path), "%s/profile.pb.gz", folder);
    assert_int_equal(source_add_file(&source, path, &why), 0);
    assert_string_equal(source.sets[0].files[0].path, path);
    assert_string_equal(source.sets[0].files[0].kind, "");
    assert_int_equal(source.sets[0].pid, 0);
    assert_int_equal(source_add_file(&source, "/nonexistent", &why), -ENOENT);
    assert_string_equal(why_buf, "No such file or directory");
    source_release(&source);
}

static void a_folder_that_cannot_be_read_says_why(void **state)
{
    const struct source_filter any = {.pid = 0};
    struct source source = {0};
    char why_buf[128] = "";
    struct text why = TEXT_ON(why_buf);

    (void)state;
    assert_int_equal(source_add_folder(&source, "/nonexistent", &any, &why), -ENOENT);
    assert_string_equal(why_buf, "No such file or directory");
    assert_int_equal(source_add_folder(&source, folder, &any, &why), 0);
    assert_int_equal(source.n_sets, 0);
    source_release(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart_from_their_end),
        cmocka_unit_test(other_names_are_no_dumps),
        cmocka_unit_test_setup_teardown(a_folder_stands_for_the_newest_set_of_each_process, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_set_that_is_being_written_is_passed_over, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(numbers_of_dumps_are_not_compared_as_words, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_checkpoint_counts_when_it_is_newer_than_the_last_dump, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_filter_picks_process_number_and_time, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_brings_its_growth_along, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_of_any_name_is_taken_as_it_is, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_read_says_why, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
