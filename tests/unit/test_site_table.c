/* The table of sites: one entry for each distinct stack, whoever asks, however many there are. */
#include "../support/unit.h"

#include "base/memory.h"
#include "store/epoch.h"
#include "store/site_table.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEPTH 8
#define MANY 300000
#define THREADS 4
#define SHARED 20000

/* The stacks of a family differ from each other in one address. */
static void make_stack(uint64_t family, uint64_t number, uintptr_t *pcs, struct stack *ret_stack)
{
    for (unsigned i = 0; i < DEPTH; i++)
        pcs[i] = 0x555555550000 + family * 0x100000000 + i * 64;
    pcs[number % DEPTH] += 4 * (number / DEPTH) + 1;
    *ret_stack = (struct stack){.pcs = pcs, .depth = DEPTH};
}

static struct stack read_stack(const struct site *site)
{
    static uintptr_t pcs[SITE_DEPTH_MAX];
    struct stack stack;

    site_stack(site, pcs, &stack);
    return stack;
}

static struct site *intern(uint64_t family, uint64_t number)
{
    uintptr_t pcs[DEPTH];
    struct stack stack;

    make_stack(family, number, pcs, &stack);
    return site_table_intern(KIND_HEAP, &stack);
}

static void the_same_stack_is_the_same_site(void **state)
{
    uintptr_t pcs[DEPTH];
    struct stack stack;
    struct site *site;

    (void)state;
    make_stack(1, 0, pcs, &stack);
    site = site_table_intern(KIND_FD, &stack);
    assert_non_null(site);
    assert_ptr_equal(site_table_intern(KIND_FD, &stack), site);
    assert_ptr_equal(site_table_get(site->id), site);
    assert_int_equal(site->id, site_table_count());
    assert_int_equal(site->kind, KIND_FD);
    assert_int_equal(site->acquired_count, 0);
    assert_int_equal(read_stack(site).depth, DEPTH);
    assert_memory_equal(read_stack(site).pcs, pcs, sizeof(pcs));
}

static void kind_depth_epoch_end_and_addresses_all_make_a_site_of_their_own(void **state)
{
    uintptr_t pcs[DEPTH];
    struct stack stack, other;
    struct site *site;

    (void)state;
    make_stack(2, 0, pcs, &stack);
    site = site_table_intern(KIND_HEAP, &stack);
    assert_ptr_not_equal(site_table_intern(KIND_FD, &stack), site);
    other = stack, other.depth--;
    assert_ptr_not_equal(site_table_intern(KIND_HEAP, &other), site);
    other = stack, other.epoch = epoch_next_module();
    assert_ptr_not_equal(site_table_intern(KIND_HEAP, &other), site);
    assert_int_equal(read_stack(site_table_intern(KIND_HEAP, &other)).epoch, other.epoch);
    other = stack, other.truncated = true;
    assert_ptr_not_equal(site_table_intern(KIND_HEAP, &other), site);
    assert_true(read_stack(site_table_intern(KIND_HEAP, &other)).truncated);
    assert_true(site_is_truncated(site_table_intern(KIND_HEAP, &other)));
    pcs[DEPTH - 1]++;
    assert_ptr_not_equal(site_table_intern(KIND_HEAP, &stack), site);
    pcs[DEPTH - 1]--;
    assert_ptr_equal(site_table_intern(KIND_HEAP, &stack), site);
}

static void a_stack_is_shown_as_deep_as_wanted_from_the_leaf(void **state)
{
    uintptr_t pcs[DEPTH];
    struct stack stack;
    struct site *site;

    (void)state;
    make_stack(7, 0, pcs, &stack);
    site = site_table_intern(KIND_HEAP, &stack);
    site_set_depth(DEPTH - 1);
    assert_int_equal(read_stack(site).depth, DEPTH - 1);
    assert_memory_equal(read_stack(site).pcs, pcs, (DEPTH - 1) * sizeof(pcs[0]));
    assert_true(read_stack(site).truncated);
    assert_true(site_is_truncated(site));
    site_set_depth(DEPTH);
    assert_int_equal(read_stack(site).depth, DEPTH);
    assert_false(read_stack(site).truncated);
    assert_false(site_is_truncated(site));
    site_set_depth(64);
}

static void a_stack_without_frames_is_a_site(void **state)
{
    uintptr_t none[1];
    struct stack stack = {.pcs = none, .truncated = true};
    struct site *site = site_table_intern(KIND_THREAD, &stack);

    (void)state;
    assert_non_null(site);
    assert_int_equal(read_stack(site).depth, 0);
    assert_ptr_equal(site_table_intern(KIND_THREAD, &stack), site);
}

/* So many that the index grows a dozen times, and that some share the upper half of their hash. */
static void among_very_many_stacks_each_keeps_its_own_site(void **state)
{
    uint32_t before = site_table_count();

    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        struct site *site = intern(3, i);

        assert_non_null(site);
        assert_int_equal(site->id, before + i + 1);
    }
    assert_int_equal(site_table_count(), before + MANY);
    for (uint64_t i = MANY; i-- > 0;) {
        struct site *site = intern(3, i);
        uintptr_t pcs[DEPTH];
        struct stack stack;

        make_stack(3, i, pcs, &stack);
        assert_int_equal(site->id, before + i + 1);
        assert_ptr_equal(site_table_get(site->id), site);
        assert_memory_equal(read_stack(site).pcs, pcs, sizeof(pcs));
    }
    assert_int_equal(site_table_count(), before + MANY);
}

static uint32_t ids[THREADS][SHARED];

static void *intern_all(void *argument)
{
    uintptr_t thread = (uintptr_t)argument;

    for (uint64_t i = 0; i < SHARED; i++) {
        /* Half of the threads go backward, so that they meet. */
        uint64_t number = thread % 2 == 0 ? i : SHARED - 1 - i;
        struct site *site = intern(4, number);

        ids[thread][number] = site == NULL ? 0 : site->id;
        if (site != NULL)
            site_add(site, 1, number);
    }
    return NULL;
}

static void threads_that_bring_the_same_stacks_get_the_same_sites(void **state)
{
    uint32_t before = site_table_count();
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, intern_all, (void *)i), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(site_table_count(), before + SHARED);
    for (uint64_t i = 0; i < SHARED; i++) {
        assert_in_range(ids[0][i], before + 1, before + SHARED);
        for (unsigned thread = 1; thread < THREADS; thread++)
            assert_int_equal(ids[thread][i], ids[0][i]);
        assert_int_equal(site_table_get(ids[0][i])->acquired_count, THREADS);
        assert_int_equal(site_table_get(ids[0][i])->acquired_bytes, THREADS * i);
    }
}

static void without_memory_known_stacks_are_found_and_new_ones_refused(void **state)
{
    struct site *known = intern(5, 0);
    uint64_t i = 1;

    (void)state;
    memory_set_cap(1);
    while (i < 100000 && intern(5, i) != NULL)
        i++;
    assert_true(i < 100000);
    assert_ptr_equal(intern(5, 0), known);
    assert_null(intern(5, i));
    memory_set_cap(0);
    assert_non_null(intern(5, i));
    assert_int_equal(intern(5, i)->id, site_table_count());
}

static void a_forked_child_has_the_sites_and_can_make_more(void **state)
{
    struct site *site = intern(6, 0);
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        site_table_after_fork();
        alarm(60);
        _exit(intern(6, 0) == site && intern(6, 1) != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_stack_is_the_same_site),
        cmocka_unit_test(kind_depth_epoch_end_and_addresses_all_make_a_site_of_their_own),
        cmocka_unit_test(a_stack_is_shown_as_deep_as_wanted_from_the_leaf),
        cmocka_unit_test(a_stack_without_frames_is_a_site),
        cmocka_unit_test(among_very_many_stacks_each_keeps_its_own_site),
        cmocka_unit_test(threads_that_bring_the_same_stacks_get_the_same_sites),
        cmocka_unit_test(without_memory_known_stacks_are_found_and_new_ones_refused),
        cmocka_unit_test(a_forked_child_has_the_sites_and_can_make_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
