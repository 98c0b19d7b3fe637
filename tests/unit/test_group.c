/* Grouping by site and labels. */
#include "../support/unit.h"

#include "base/arena.h"
#include "base/memory.h"
#include "snapshot/group.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct group_table table;

static int begin(void **state)
{
    (void)state;
    table = (struct group_table){.arena = &arena};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static unsigned groups_of(uint32_t site)
{
    unsigned n = 0;

    for (const struct group *group = group_first(&table, site); group != NULL; group = group->next_of_site)
        n++;
    return n;
}

static void the_same_site_and_labels_are_one_group(void **state)
{
    char type[] = "type", tcp[] = "tcp";
    const struct snapshot_label labels[] = {{"type", "tcp"}, {"state", "LISTEN"}}, copies[] = {{type, tcp}, {"state", "LISTEN"}};
    struct group *group = group_get(&table, 7, labels, 2);

    (void)state;
    assert_non_null(group);
    assert_int_equal(group->site, 7);
    assert_int_equal(group->count, 0);
    assert_int_equal(group->n_labels, 2);
    assert_string_equal(group->labels[1].value, "LISTEN");
    assert_ptr_equal(group_get(&table, 7, copies, 2), group);
    assert_int_equal(groups_of(7), 1);
    assert_null(group_first(&table, 8));
}

static void another_site_value_key_or_number_of_labels_is_another_group(void **state)
{
    const struct snapshot_label labels[] = {{"type", "tcp"}, {"state", "LISTEN"}}, value[] = {{"type", "udp"}, {"state", "LISTEN"}},
                                key[] = {{"kind", "tcp"}, {"state", "LISTEN"}};
    struct group *group = group_get(&table, 7, labels, 2);

    (void)state;
    assert_ptr_not_equal(group_get(&table, 8, labels, 2), group);
    assert_ptr_not_equal(group_get(&table, 7, value, 2), group);
    assert_ptr_not_equal(group_get(&table, 7, key, 2), group);
    assert_ptr_not_equal(group_get(&table, 7, labels, 1), group);
    assert_ptr_not_equal(group_get(&table, 7, labels, 0), group);
    assert_int_equal(groups_of(7), 5);
    assert_int_equal(groups_of(8), 1);
}

static void functions_are_told_apart_by_their_address(void **state)
{
    const struct snapshot_label one = {.key = "start", .code = 0x1000}, other = {.key = "start", .code = 0x2000},
                                named = {"start", "f"};
    struct group *group = group_get(&table, 7, &one, 1);

    (void)state;
    assert_ptr_equal(group_get(&table, 7, &one, 1), group);
    assert_ptr_not_equal(group_get(&table, 7, &other, 1), group);
    assert_ptr_not_equal(group_get(&table, 7, &named, 1), group);
    assert_int_equal(groups_of(7), 3);
}

static void very_many_sites_keep_their_groups(void **state)
{
    const struct snapshot_label label = {"type", "file"};

    (void)state;
    for (uint32_t site = 1; site <= 50000; site++)
        group_get(&table, site, &label, 1)->count = site;
    for (uint32_t site = 1; site <= 50000; site++) {
        assert_int_equal(group_first(&table, site)->count, site);
        assert_null(group_first(&table, site)->next_of_site);
    }
}

static void past_the_limit_new_peers_are_others_and_known_ones_are_not(void **state)
{
    static char peers[GROUP_PEERS_MAX + 10][32];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(peers); i++) {
        const char *peer;

        snprintf(peers[i], sizeof(peers[i]), "10.0.%u.%u:80", i / 256, i % 256);
        peer = group_peer(&table, peers[i]);
        assert_string_equal(peer, i < GROUP_PEERS_MAX ? peers[i] : "(others)");
    }
    assert_string_equal(group_peer(&table, "10.0.0.0:80"), "10.0.0.0:80");
    assert_string_equal(group_peer(&table, "10.0.0.255:80"), "10.0.0.255:80");
}

static void without_memory_there_is_no_group(void **state)
{
    const struct snapshot_label label = {"type", "file"};

    (void)state;
    memory_set_cap(1);
    assert_null(group_get(&table, 1, &label, 1));
    assert_string_equal(group_peer(&table, "10.0.0.1:80"), "(others)");
    memory_set_cap(0);
    assert_non_null(group_get(&table, 1, &label, 1));
}

#define GROUPED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUPED(the_same_site_and_labels_are_one_group),
        GROUPED(another_site_value_key_or_number_of_labels_is_another_group),
        GROUPED(functions_are_told_apart_by_their_address),
        GROUPED(very_many_sites_keep_their_groups),
        GROUPED(past_the_limit_new_peers_are_others_and_known_ones_are_not),
        GROUPED(without_memory_there_is_no_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
