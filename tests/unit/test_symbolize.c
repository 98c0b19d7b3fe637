/* Profiles get their lines: the test's own functions, whose lines the compiler knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "profile/profile.h"
#include "snapshot/modules.h"
#include "symbolize/label.h"
#include "symbolize/symbolize.h"
#include "view/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHIFT 0x100000

static uintptr_t inner_pc;
static int inner_line;

static inline __attribute__((always_inline)) void note_inner(void)
{
    inner_line = __LINE__ + 1;
    __asm__ volatile("leaq 0(%%rip), %0" : "=r"(inner_pc));
}

static int outer_line;

static __attribute__((noinline)) void note_outer(void)
{
    outer_line = __LINE__ + 1;
    note_inner();
}

/* A profile of two locations: in note_inner(), and one that has its line already. */
struct fixture {
    struct profile profile;
    struct profile_mapping mapping;
    struct profile_function functions[2];
    struct profile_line lines[2];
    struct profile_location locations[2];
    char build_id[2 * MODULE_BUILD_ID_MAX + 1];
};

static void set_up(struct fixture *fixture, uintptr_t moved)
{
    static char path[4096];
    struct text build_id = TEXT_ON(fixture->build_id);
    const struct module *program;

    note_outer();
    assert_int_equal(modules_refresh(), 0);
    program = modules_program();
    assert_non_null(program);
    assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
    *fixture = (struct fixture){
        .mapping = {.id = 1, .file = path, .build_id = fixture->build_id},
        .functions = {{7, "old_name", "old_name", ""}, {9, "known", "known", "known.c"}},
    };
    text_add_hex_bytes(&build_id, program->build_id, program->build_id_len);
    fixture->mapping.start = program->segments[0].start + moved;
    fixture->mapping.limit = program->segments[0].limit + moved;
    fixture->mapping.offset = program->segments[0].file_offset;
    for (size_t i = 0; i < 2; i++) {
        fixture->lines[i] = (struct profile_line){&fixture->functions[i], i == 0 ? 0 : 12};
        fixture->locations[i] = (struct profile_location){i + 1, inner_pc + moved, &fixture->mapping, &fixture->lines[i], 1};
    }
    fixture->profile = (struct profile){.mappings = &fixture->mapping,
                                        .n_mappings = 1,
                                        .locations = fixture->locations,
                                        .n_locations = 2,
                                        .functions = fixture->functions,
                                        .n_functions = 2};
}

static const struct symbolize_options no_options;

static void expect_found(const struct fixture *fixture)
{
    const struct profile_location *found = &fixture->locations[0];

    assert_true(found->n_lines >= 2);
    assert_string_equal(found->lines[0].function->name, "note_inner");
    assert_int_equal(found->lines[0].line, inner_line);
    assert_string_equal(found->lines[1].function->name, "note_outer");
    assert_int_equal(found->lines[1].line, outer_line);
    assert_string_equal(strrchr(found->lines[0].function->file, '/'), "/test_symbolize.c");
}

static void a_location_gets_its_line_and_what_was_inlined(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture, 0);
    symbolize_profiles(&fixture.profile, 1, &no_options);
    expect_found(&fixture);
    profile_release(&fixture.profile);
}

static void a_location_that_has_a_line_stays_as_it_is(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture, 0);
    symbolize_profiles(&fixture.profile, 1, &no_options);
    assert_int_equal(fixture.locations[1].n_lines, 1);
    assert_string_equal(fixture.locations[1].lines[0].function->name, "known");
    assert_int_equal(fixture.locations[1].lines[0].line, 12);
    profile_release(&fixture.profile);
}

static void functions_are_rows_of_the_profile_with_ids_of_their_own(void **state)
{
    struct fixture fixture;
    const struct profile *profile = &fixture.profile;

    (void)state;
    set_up(&fixture, 0);
    symbolize_profiles(&fixture.profile, 1, &no_options);
    assert_true(profile->n_functions >= 4);
    for (size_t i = 0; i < profile->n_functions; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(profile->functions[i].id, profile->functions[j].id);
    for (size_t i = 0; i < profile->n_locations; i++)
        for (size_t j = 0; j < profile->locations[i].n_lines; j++)
            assert_in_range((uintptr_t)profile->locations[i].lines[j].function, (uintptr_t)profile->functions,
                            (uintptr_t)(profile->functions + profile->n_functions - 1));
    profile_release(&fixture.profile);
}

static void profiles_of_processes_that_loaded_it_elsewhere_agree(void **state)
{
    struct fixture first, second;
    struct profile profiles[2];

    (void)state;
    set_up(&first, 0);
    set_up(&second, SHIFT);
    profiles[0] = first.profile;
    profiles[1] = second.profile;
    symbolize_profiles(profiles, 2, &no_options);
    expect_found(&first);
    expect_found(&second);
    assert_true(first.locations[0].lines[0].function != second.locations[0].lines[0].function);
    profile_release(&profiles[0]);
    profile_release(&profiles[1]);
}

static void what_cannot_be_found_keeps_its_name(void **state)
{
    static const struct {
        const char *file;
        uint64_t start, limit;
    } mappings[] = {
        {"/nowhere/at/all", 0, UINT64_MAX},
        {"", 0, UINT64_MAX},
        {"[vdso]", 0, UINT64_MAX},
        {"/proc/self/mem", 0, UINT64_MAX},
        {"/dev/zero", 0, UINT64_MAX},
        {"/etc/passwd", 0, UINT64_MAX},
        {NULL, UINT64_MAX, 0},
        {NULL, 0, 1},
        {NULL, 0, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        struct fixture fixture;

        set_up(&fixture, 0);
        fixture.mapping.start = mappings[i].start;
        fixture.mapping.limit = mappings[i].limit;
        fixture.mapping.offset = 0x7777000;
        if (mappings[i].file != NULL)
            fixture.mapping.file = mappings[i].file;
        symbolize_profiles(&fixture.profile, 1, &no_options);
        assert_int_equal(fixture.locations[0].n_lines, 1);
        assert_string_equal(fixture.locations[0].lines[0].function->name, "old_name");
        profile_release(&fixture.profile);
    }
}

static void a_pipe_in_a_modules_place_is_not_waited_for(void **state)
{
    char folder[] = "/tmp/test_symbolize.XXXXXX", path[64];
    struct fixture fixture;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/module", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    set_up(&fixture, 0);
    fixture.mapping.file = path;
    symbolize_profiles(&fixture.profile, 1, &no_options);
    assert_string_equal(fixture.locations[0].lines[0].function->name, "old_name");
    profile_release(&fixture.profile);
    unlink(path);
    rmdir(folder);
}

static void labels_are_no_names(void **state)
{
    (void)state;
    assert_true(label_is("", "/opt/a"));
    assert_true(label_is("a.so+0x1f", "/opt/a.so"));
    assert_false(label_is("a.so+0x", "/opt/a.so"));
    assert_false(label_is("a.so+0x1g", "/opt/a.so"));
    assert_false(label_is("b.so+0x1f", "/opt/a.so"));
    assert_false(label_is("operator+", "/opt/operator"));
}

static void progress_is_told_only_of_what_takes_long_and_taken_away(void **state)
{
    struct progress progress;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(out);
    progress_start(&progress, out, "reading");
    progress_show(&progress, 1, 4);
    progress_end(&progress);
    assert_int_equal(ftell(out), 0);
    progress_start(&progress, out, "reading");
    progress.next_ns = 0;
    progress_show(&progress, 1, 4);
    progress_show(&progress, 2, 4);
    progress_end(&progress);
    fclose(out);
    assert_string_equal(text, "\rreading: 25 %\r\033[K");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_location_gets_its_line_and_what_was_inlined),
        cmocka_unit_test(a_location_that_has_a_line_stays_as_it_is),
        cmocka_unit_test(functions_are_rows_of_the_profile_with_ids_of_their_own),
        cmocka_unit_test(profiles_of_processes_that_loaded_it_elsewhere_agree),
        cmocka_unit_test(what_cannot_be_found_keeps_its_name),
        cmocka_unit_test(a_pipe_in_a_modules_place_is_not_waited_for),
        cmocka_unit_test(labels_are_no_names),
        cmocka_unit_test(progress_is_told_only_of_what_takes_long_and_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
