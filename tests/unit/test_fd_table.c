/* The table of live descriptors. */
#include "../support/unit.h"

#include "base/memory.h"
#include "store/fd_table.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define ROUNDS 3000000

static void add(int fd, uint32_t site, bool replaces)
{
    struct fd_entry entry = {.site = site, .mark = site + 1, .born_ns = site + 2, .accepted = site % 2 == 0};
    bool replaced = !replaces;

    assert_int_equal(fd_table_add(fd, &entry, &replaced), 0);
    assert_int_equal(replaced, replaces);
}

static void assert_held(int fd, uint32_t site)
{
    struct fd_entry entry;

    assert_true(fd_table_get(fd, &entry));
    assert_int_equal(entry.site, site);
    assert_int_equal(entry.mark, site + 1);
    assert_int_equal(entry.born_ns, site + 2);
    assert_int_equal(entry.accepted, site % 2 == 0);
}

static void a_descriptor_is_held_until_it_is_taken(void **state)
{
    struct fd_entry entry;

    (void)state;
    assert_false(fd_table_get(5, &entry));
    assert_false(fd_table_take(5, &entry));
    add(5, 10, false);
    assert_held(5, 10);
    assert_true(fd_table_take(5, &entry));
    assert_int_equal(entry.site, 10);
    assert_false(fd_table_get(5, &entry));
    assert_false(fd_table_take(5, &entry));
}

static void a_descriptor_opened_again_replaces_the_one_before(void **state)
{
    struct fd_entry entry;

    (void)state;
    add(6, 10, false);
    fd_table_set_peer(6, "peer", 4);
    add(6, 11, true);
    assert_held(6, 11);
    assert_true(fd_table_take(6, &entry));
    assert_int_equal(entry.peer_len, 0);
}

static void the_limit_is_one_above_the_largest_number_ever_held(void **state)
{
    struct fd_entry entry;
    int limit = fd_table_limit();

    (void)state;
    assert_int_equal(limit, 7);
    add(100000, 1, false);
    add(3, 2, false);
    assert_int_equal(fd_table_limit(), 100001);
    assert_false(fd_table_get(99999, &entry));
    assert_true(fd_table_take(100000, &entry));
    assert_true(fd_table_take(3, &entry));
    assert_int_equal(fd_table_limit(), 100001);
}

static void numbers_that_cannot_be_descriptors_are_refused(void **state)
{
    static const int numbers[] = {-1, INT32_MIN, 1 << 26, INT32_MAX};
    struct fd_entry entry = {0};
    bool replaced;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(fd_table_add(numbers[i], &entry, &replaced), -ENOMEM);
        assert_false(fd_table_get(numbers[i], &entry));
        assert_false(fd_table_take(numbers[i], &entry));
        fd_table_set_peer(numbers[i], "peer", 4);
    }
    add((1 << 26) - 1, 1, false);
    assert_true(fd_table_take((1 << 26) - 1, &entry));
}

static void without_memory_a_new_range_is_refused_and_a_known_one_is_not(void **state)
{
    struct fd_entry entry = {0};
    bool replaced;

    (void)state;
    memory_set_cap(1);
    assert_int_equal(fd_table_add(500000, &entry, &replaced), -ENOMEM);
    add(7, 1, false);
    memory_set_cap(0);
    add(500000, 1, false);
    assert_true(fd_table_take(500000, &entry));
    assert_true(fd_table_take(7, &entry));
}

static void a_peer_is_kept_and_cut_to_the_room_there_is(void **state)
{
    struct fd_entry entry;
    char addr[128];

    (void)state;
    memset(addr, 'x', sizeof(addr));
    fd_table_set_peer(8, addr, 16);
    assert_false(fd_table_get(8, &entry));
    add(8, 1, false);
    fd_table_set_peer(8, addr, 16);
    assert_true(fd_table_get(8, &entry));
    assert_int_equal(entry.peer_len, 16);
    assert_memory_equal(entry.peer, addr, 16);
    fd_table_set_peer(8, addr, sizeof(addr));
    assert_true(fd_table_take(8, &entry));
    assert_int_equal(entry.peer_len, FD_PEER_MAX);
    assert_memory_equal(entry.peer, addr, FD_PEER_MAX);
}

static bool stop;
static pthread_barrier_t begin;

/* Looks at a descriptor all the time, as a dump does; what it sees must be whole. */
static void *look(void *argument)
{
    struct fd_entry entry;

    (void)argument;
    pthread_barrier_wait(&begin);
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
        if (fd_table_get(9, &entry) && (entry.mark != entry.site + 1 || entry.born_ns != entry.site + 2))
            return "torn";
    return NULL;
}

static void a_reader_never_makes_an_owner_lose_its_descriptor(void **state)
{
    pthread_t readers[3];
    unsigned lost = 0;

    (void)state;
    assert_int_equal(pthread_barrier_init(&begin, NULL, ARRAY_LEN(readers) + 1), 0);
    for (unsigned i = 0; i < ARRAY_LEN(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look, NULL), 0);
    pthread_barrier_wait(&begin);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct fd_entry entry = {.site = i, .mark = i + 1, .born_ns = i + 2};
        bool replaced;

        fd_table_add(9, &entry, &replaced);
        lost += replaced;
        lost += !fd_table_take(9, &entry) || entry.site != i;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < ARRAY_LEN(readers); i++) {
        void *complaint;

        assert_int_equal(pthread_join(readers[i], &complaint), 0);
        assert_null(complaint);
    }
    assert_int_equal(lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_is_held_until_it_is_taken),
        cmocka_unit_test(a_descriptor_opened_again_replaces_the_one_before),
        cmocka_unit_test(the_limit_is_one_above_the_largest_number_ever_held),
        cmocka_unit_test(numbers_that_cannot_be_descriptors_are_refused),
        cmocka_unit_test(without_memory_a_new_range_is_refused_and_a_known_one_is_not),
        cmocka_unit_test(a_peer_is_kept_and_cut_to_the_room_there_is),
        cmocka_unit_test(a_reader_never_makes_an_owner_lose_its_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
