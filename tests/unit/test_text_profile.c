/* The text encoder: line by line. */
#include "../support/unit.h"

#include "base/sink.h"
#include "encode/profile.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "store/site_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default"), noinline))

struct memory_sink {
    struct sink sink;
    char bytes[1 << 20];
    size_t len;
    size_t room;
};

static int keep(struct sink *sink, const void *bytes, size_t len)
{
    struct memory_sink *memory = (struct memory_sink *)sink;

    if (len > memory->room - memory->len)
        return -ENOSPC;
    memcpy(memory->bytes + memory->len, bytes, len);
    memory->len += len;
    memory->bytes[memory->len] = '\0';
    return 0;
}

static const uintptr_t none[1];
static struct memory_sink output = {.sink = {.write = keep}};

SHOWN void some_function(void)
{
    __asm__ volatile("nop\nnop\nnop\nnop");
}

static struct site *site_of(const uintptr_t *pcs, uint32_t depth, bool truncated)
{
    struct stack stack = {.pcs = pcs, .depth = depth, .truncated = truncated};

    return site_table_intern(KIND_FD, &stack);
}

static const char *encode(const struct encode_profile *profile)
{
    output.len = 0;
    output.room = sizeof(output.bytes) - 1;
    assert_int_equal(modules_refresh(), 0);
    assert_int_equal(locations_update(true), 0);
    assert_int_equal(encode_text(profile, &output.sink), 0);
    return output.bytes;
}

static void the_head_has_name_sums_and_comments(void **state)
{
    static const char *const comments[] = {"pid 12", "options a=b"};
    struct site *site = site_of(none, 0, true);
    struct snapshot_row rows[] = {{.site = site, .values = {5, 2}}, {.site = site, .values = {-1, 40}}};
    struct encode_profile profile = {.type = &profile_types[PROFILE_FD], .rows = rows, .comments = comments, .n_comments = 2};

    (void)state;
    rows[0].next = &rows[1];
    assert_string_equal(encode(&profile), "fd profile: opened_fds/count 4 inuse_fds/count 42\n"
                                          "# pid 12\n"
                                          "# options a=b\n"
                                          "5 2 @ truncated\n"
                                          "-1 40 @ truncated\n");
}

static void a_stack_has_addresses_labels_and_functions(void **state)
{
    const uintptr_t pcs[] = {(uintptr_t)some_function + 1, 0x1234};
    struct snapshot_row row = {.site = site_of(pcs, 2, false),
                               .values = {1, 1},
                               .labels = (const struct snapshot_label[]){{"type", "tcp"}, {"peer", "10.0.0.1:80"}},
                               .n_labels = 2};
    struct encode_profile profile = {.type = &profile_types[PROFILE_FD], .rows = &row};
    char expected[8192], exe[4096];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    (void)state;
    assert_true(len > 0);
    exe[len] = '\0';
    snprintf(expected, sizeof(expected),
             "fd profile: opened_fds/count 1 inuse_fds/count 1\n"
             "1 1 @ 0x%lx 0x1234 type=tcp peer=10.0.0.1:80\n"
             "#\t0x%lx\tsome_function\t%s\n"
             "#\t0x1234\t?\t?\n",
             pcs[0], pcs[0], exe);
    assert_string_equal(encode(&profile), expected);
}

static void what_comes_from_outside_stays_on_its_line(void **state)
{
    static const char *const comments[] = {"options a=b\n1 1 @ 0x1\xff"};
    struct snapshot_row row = {.site = site_of(none, 0, false), .values = {1, 1}, .labels = (const struct snapshot_label[]){{"peer", "/a\nb"}}, .n_labels = 1};
    struct encode_profile profile = {.type = &profile_types[PROFILE_FD], .rows = &row, .comments = comments, .n_comments = 1};

    (void)state;
    assert_string_equal(encode(&profile), "fd profile: opened_fds/count 1 inuse_fds/count 1\n"
                                          "# options a=b?1 1 @ 0x1?\n"
                                          "1 1 @ peer=/a?b\n");
}

static void the_deepest_stack_is_one_line(void **state)
{
    static uintptr_t pcs[512];
    struct snapshot_row row = {.values = {1, 1}};
    struct encode_profile profile = {.type = &profile_types[PROFILE_FD], .rows = &row};
    const char *line;
    unsigned frames = 0;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(pcs); i++)
        pcs[i] = 0x7ffff0000000 + i;
    site_set_depth(512);
    row.site = site_of(pcs, 512, true);
    line = strchr(encode(&profile), '\n') + 1;
    for (const char *at = line; *at != '\n'; at++)
        frames += at[0] == ' ' && at[1] == '0' && at[2] == 'x';
    assert_int_equal(frames, 512);
    assert_memory_equal(strchr(line, '\n') - 10, " truncated", 10);
    site_set_depth(64);
}

static void an_error_of_the_sink_is_the_answer(void **state)
{
    struct snapshot_row row = {.site = site_of(none, 0, false), .values = {1, 1}};
    struct encode_profile profile = {.type = &profile_types[PROFILE_FD], .rows = &row};
    size_t whole;

    (void)state;
    encode(&profile);
    whole = output.len;
    for (output.room = 0; output.room < whole; output.room++) {
        output.len = 0;
        assert_int_equal(encode_text(&profile, &output.sink), -ENOSPC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_has_name_sums_and_comments),
        cmocka_unit_test(a_stack_has_addresses_labels_and_functions),
        cmocka_unit_test(what_comes_from_outside_stays_on_its_line),
        cmocka_unit_test(the_deepest_stack_is_one_line),
        cmocka_unit_test(an_error_of_the_sink_is_the_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
