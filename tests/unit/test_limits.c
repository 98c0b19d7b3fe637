/* The limits of the process, read from the files of its cgroups and from its rlimits. */
#include "../support/unit.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char root[] = "/tmp/test_limits.XXXXXX";

static int begin(void **state)
{
    (void)state;
    strcpy(strrchr(root, '.'), ".XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    limits_set_root(root);
    return 0;
}

static int end(void **state)
{
    char command[256];

    (void)state;
    limits_set_root("");
    snprintf(command, sizeof(command), "rm -rf %s", root);
    return system(command);
}

/* Writes a file below the root, and the folders above it. */
static void given(const char *path, const char *text)
{
    char full[512];
    FILE *file;

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0700);
    }
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void without_cgroups_memory_is_that_of_the_machine(void **state)
{
    uint64_t limit = limits_memory();

    (void)state;
    assert_true(limit > 16ull << 20 && limit < 1ull << 50);
}

static void in_version_2_the_least_of_the_group_and_of_those_around_it_holds(void **state)
{
    (void)state;
    given("/proc/self/cgroup", "0::/pod/container\n");
    given("/sys/fs/cgroup/pod/container/memory.max", "max\n");
    given("/sys/fs/cgroup/pod/memory.max", "50331648\n");
    assert_int_equal(limits_memory(), 50331648);
    given("/sys/fs/cgroup/pod/container/memory.max", "33554432\n");
    assert_int_equal(limits_memory(), 33554432);
    given("/sys/fs/cgroup/pod/container/pids.max", "100\n");
    given("/sys/fs/cgroup/pod/pids.max", "70\n");
    assert_int_equal(limits_threads(), 70);
}

static void in_version_1_each_controller_has_its_own_group(void **state)
{
    (void)state;
    given("/proc/self/cgroup", "9:name=systemd:/x\n8:pids:/a\n4:memory:/docker/b\n0::/\n");
    given("/sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes", "67108864\n");
    given("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "9223372036854771712\n");
    given("/sys/fs/cgroup/pids/a/pids.max", "33\n");
    given("/sys/fs/cgroup/pids/docker/b/pids.max", "3\n");
    assert_int_equal(limits_memory(), 67108864);
    assert_int_equal(limits_threads(), 33);
}

static void a_container_that_sees_itself_as_the_root_has_its_limit_there(void **state)
{
    (void)state;
    given("/proc/self/cgroup", "0::/\n");
    given("/sys/fs/cgroup/memory.max", "41943040\n");
    assert_int_equal(limits_memory(), 41943040);
    given("/proc/self/cgroup", "4:memory:/a/path/of/the/host\n");
    given("/sys/fs/cgroup/memory/memory.limit_in_bytes", "20971520\n");
    assert_int_equal(limits_memory(), 20971520);
}

static void next_to_version_1_the_other_version_may_be_mounted_deeper(void **state)
{
    (void)state;
    given("/proc/self/cgroup", "0::/a\n");
    given("/sys/fs/cgroup/unified/a/memory.max", "25165824\n");
    assert_int_equal(limits_memory(), 25165824);
}

static void what_is_no_number_is_no_limit(void **state)
{
    uint64_t machine = limits_memory();

    (void)state;
    given("/proc/self/cgroup", "nonsense\n0::relative\n0::/a\n");
    given("/sys/fs/cgroup/a/memory.max", "");
    given("/sys/fs/cgroup/memory.max", "many\n");
    assert_int_equal(limits_memory(), machine);
}

static void rlimits_hold_too(void **state)
{
    struct rlimit before, less;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    less = (struct rlimit){.rlim_cur = 99, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    assert_int_equal(limits_fds(), 99);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(getrlimit(RLIMIT_NPROC, &before), 0);
    less = (struct rlimit){.rlim_cur = 77, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NPROC, &less), 0);
    assert_int_equal(limits_threads(), 77);
    assert_int_equal(setrlimit(RLIMIT_NPROC, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_cgroups_memory_is_that_of_the_machine, begin, end),
        cmocka_unit_test_setup_teardown(in_version_2_the_least_of_the_group_and_of_those_around_it_holds, begin, end),
        cmocka_unit_test_setup_teardown(in_version_1_each_controller_has_its_own_group, begin, end),
        cmocka_unit_test_setup_teardown(a_container_that_sees_itself_as_the_root_has_its_limit_there, begin, end),
        cmocka_unit_test_setup_teardown(next_to_version_1_the_other_version_may_be_mounted_deeper, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_number_is_no_limit, begin, end),
        cmocka_unit_test_setup_teardown(rlimits_hold_too, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
