/* Comparing two dumps: which sites are the same, what changed, and what comes first. */
#include "../support/unit.h"

#include "base/text.h"
#include "profile/profile.h"
#include "series/sites.h"
#include "view/places.h"

#include <string.h>

enum { LEAF, CALLER, OTHER, NAMELESS, LOCATIONS };

/* One build of a program that is loaded at `base`; functions lie `shift` bytes further than in the first build. */
struct build {
    struct profile_mapping mapping;
    struct profile_function functions[NAMELESS];
    struct profile_line lines[NAMELESS];
    struct profile_location locations[LOCATIONS];
};

static void set_up(struct build *build, const char *id, uint64_t base, uint64_t shift)
{
    static const char *const names[] = {"register_metric", "observe", "reload"};

    *build = (struct build){
        .mapping = {
            .id = 1, .start = base, .limit = base + 0x10000, .offset = 0x1000, .file = "/opt/exporter", .build_id = id}};
    for (size_t i = 0; i < LOCATIONS; i++)
        build->locations[i] =
            (struct profile_location){.id = i + 1, .address = base + shift + 0x10 * i, .mapping = &build->mapping};
    for (size_t i = 0; i < NAMELESS; i++) {
        build->functions[i] =
            (struct profile_function){.id = i + 1, .name = names[i], .system_name = "", .file = "/src/metrics.c"};
        build->lines[i] = (struct profile_line){&build->functions[i], (int64_t)(10 + shift)};
        build->locations[i].lines = &build->lines[i];
        build->locations[i].n_lines = 1;
    }
}

static void add(struct sites *sites, size_t dump, struct build *build, const struct profile_location **stack, size_t depth,
                int64_t live)
{
    static struct profile_type types[] = {{"opened_fds", "count"}, {"inuse_fds", "count"}};
    int64_t values[] = {live + 1, live};
    struct profile_sample sample = {.stack = stack, .depth = depth, .values = values};
    struct profile profile = {.types = types,
                              .n_types = 2,
                              .samples = &sample,
                              .n_samples = 1,
                              .locations = build->locations,
                              .n_locations = LOCATIONS,
                              .default_type = ""};
    char why_buf[64] = "";
    struct text why = TEXT_ON(why_buf);

    assert_int_equal(sites_add(sites, dump, "fd", &profile, &why), 0);
}

/* Adds a stack of two places. */
static void add_pair(struct sites *sites, size_t dump, struct build *build, int leaf, int caller, int64_t live)
{
    const struct profile_location *stack[] = {&build->locations[leaf], &build->locations[caller]};

    add(sites, dump, build, stack, 2, live);
}

static void a_site_is_the_same_wherever_the_program_was_loaded(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    add_pair(&sites, 0, &build, LEAF, CALLER, 10);
    add_pair(&sites, 0, &build, NAMELESS, CALLER, 7);
    set_up(&build, "aa", 0x7f0000000000, 0);
    add_pair(&sites, 1, &build, LEAF, CALLER, 30);
    add_pair(&sites, 1, &build, NAMELESS, CALLER, 7);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 2);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 0).count, 10);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 1).count, 30);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 1).acquired, 31);
    sites_release(&sites);
}

static void a_rebuild_that_moves_functions_makes_no_new_site(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    add_pair(&sites, 0, &build, LEAF, CALLER, 10);
    set_up(&build, "bb", 0x5000, 0x440);
    build.functions[LEAF].name = "register_metric.constprop.0";
    build.functions[CALLER].file = "/other/checkout/metrics.c";
    build.mapping.file = "/opt/exporter-2.0";
    add_pair(&sites, 1, &build, LEAF, CALLER, 30);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 1);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 0).count, 10);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 1).count, 30);
    sites_release(&sites);
}

static void a_function_of_another_name_or_file_is_another_site(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    add_pair(&sites, 0, &build, LEAF, CALLER, 10);
    set_up(&build, "bb", 0x5000, 0x440);
    add_pair(&sites, 1, &build, OTHER, CALLER, 30);
    build.functions[LEAF].file = "/src/tables.c";
    add_pair(&sites, 1, &build, LEAF, CALLER, 5);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 3);
    sites_release(&sites);
}

static void two_calls_in_one_function_are_two_sites_of_one_build_and_one_over_a_rebuild(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    build.functions[OTHER] = build.functions[LEAF];
    add_pair(&sites, 0, &build, LEAF, CALLER, 10);
    add_pair(&sites, 0, &build, OTHER, CALLER, 1);
    add_pair(&sites, 1, &build, OTHER, CALLER, 2);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 2);
    sites_release(&sites);

    add_pair(&sites, 0, &build, LEAF, CALLER, 10);
    add_pair(&sites, 0, &build, OTHER, CALLER, 1);
    set_up(&build, "bb", 0x5000, 0x440);
    add_pair(&sites, 1, &build, LEAF, CALLER, 30);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 1);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 0).count, 11);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 1).count, 30);
    sites_release(&sites);
}

static void a_nameless_place_of_another_build_is_another_place(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    add_pair(&sites, 0, &build, NAMELESS, CALLER, 10);
    set_up(&build, "bb", 0x5000, 0);
    add_pair(&sites, 1, &build, NAMELESS, CALLER, 10);
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 2);
    sites_release(&sites);
}

static void the_depth_of_a_recursion_makes_no_new_site(void **state)
{
    struct sites sites = {0};
    struct build build;

    (void)state;
    set_up(&build, "aa", 0x5000, 0);
    for (size_t depth = 2; depth < 20; depth++) {
        const struct profile_location *stack[20];

        for (size_t i = 0; i < depth; i++)
            stack[i] = &build.locations[i == 0 ? LEAF : CALLER];
        add(&sites, depth >= 11, &build, stack, depth, 1);
    }
    sites_settle(&sites, 2);
    assert_int_equal(sites.kinds[0].n_sites, 1);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 0).count, 9);
    assert_int_equal(sites_at(&sites.kinds[0].sites[0].points, 1).count, 9);
    assert_string_equal(sites.kinds[0].sites[0].frames[1]->function, "observe");
    sites_release(&sites);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_the_same_wherever_the_program_was_loaded),
        cmocka_unit_test(a_rebuild_that_moves_functions_makes_no_new_site),
        cmocka_unit_test(a_function_of_another_name_or_file_is_another_site),
        cmocka_unit_test(two_calls_in_one_function_are_two_sites_of_one_build_and_one_over_a_rebuild),
        cmocka_unit_test(a_nameless_place_of_another_build_is_another_place),
        cmocka_unit_test(the_depth_of_a_recursion_makes_no_new_site),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
