/* The table of live threads: in whatever order creator, thread and joiner come. No thread is needed for that. */
#include "../support/unit.h"

#include "base/memory.h"
#include "store/thread_table.h"

#include <string.h>

#define CYCLES 100000

struct seen {
    unsigned threads;
    unsigned ended;
    unsigned detached;
    uint32_t site; /* of the last one */
};

static void see(const struct thread_row *row, void *context)
{
    struct seen *seen = context;

    seen->threads++;
    seen->ended += row->ended;
    seen->detached += row->detached;
    seen->site = row->site;
}

static struct seen look(void)
{
    struct seen seen = {0};

    thread_table_visit(see, &seen);
    return seen;
}

static struct thread_entry *prepare(uint32_t site, bool detached)
{
    struct thread_row row = {.site = site, .mark = 3, .born_ns = 4, .stack_bytes = 8192, .detached = detached};
    struct thread_entry *entry = thread_table_prepare(&row);

    assert_non_null(entry);
    return entry;
}

/* A thread that runs, its creator gone on. */
static struct thread_entry *start(uint32_t site, pthread_t handle, bool detached)
{
    struct thread_entry *entry = prepare(site, detached);

    thread_table_live(entry, handle);
    thread_table_unref(entry);
    return entry;
}

static void join(pthread_t handle)
{
    struct thread_entry *entry = thread_table_find(handle);

    assert_non_null(entry);
    thread_table_joined(entry);
    thread_table_unref(entry);
}

static void a_thread_counts_from_its_creation_until_it_is_joined(void **state)
{
    struct thread_start todo = {.argument = &todo};
    struct thread_entry *entry = prepare(7, false);

    (void)state;
    *thread_table_start(entry) = todo;
    assert_int_equal(look().threads, 0);
    thread_table_live(entry, 100);
    thread_table_unref(entry);
    assert_int_equal(look().threads, 1);
    assert_int_equal(look().site, 7);
    assert_int_equal(thread_table_site(entry), 7);
    assert_int_equal(thread_table_stack_bytes(entry), 8192);
    assert_ptr_equal(thread_table_start(entry)->argument, &todo);
    thread_table_end(entry);
    assert_int_equal(look().threads, 1);
    assert_int_equal(look().ended, 1);
    join(100);
    assert_int_equal(look().threads, 0);
    assert_null(thread_table_find(100));
}

static void creator_and_thread_may_come_in_either_order(void **state)
{
    struct thread_entry *entry = prepare(1, false);

    (void)state;
    thread_table_live(entry, 100); /* the thread */
    assert_int_equal(look().threads, 1);
    thread_table_end(entry);
    join(100); /* by a third thread, before pthread_create has returned */
    assert_int_equal(look().threads, 0);
    thread_table_live(entry, 100); /* the creator, late */
    thread_table_unref(entry);
    assert_int_equal(look().threads, 0);
}

static void a_creation_that_failed_leaves_nothing(void **state)
{
    struct thread_entry *entry = prepare(1, false);

    (void)state;
    thread_table_cancel(entry);
    assert_int_equal(look().threads, 0);
    assert_ptr_equal(prepare(2, false), entry);
    thread_table_cancel(entry);
}

static void a_detached_thread_counts_until_it_ends(void **state)
{
    struct thread_entry *entry = start(1, 100, true);

    (void)state;
    assert_int_equal(look().detached, 1);
    thread_table_end(entry);
    assert_int_equal(look().threads, 0);
}

static void detaching_before_or_after_the_end_comes_to_the_same(void **state)
{
    struct thread_entry *entry = start(1, 100, false);
    struct thread_entry *found = thread_table_find(100);

    (void)state;
    assert_ptr_equal(found, entry);
    thread_table_detach(found);
    thread_table_unref(found);
    assert_int_equal(look().threads, 1);
    thread_table_end(entry);
    assert_int_equal(look().threads, 0);

    entry = start(1, 100, false);
    thread_table_end(entry);
    assert_int_equal(look().ended, 1);
    found = thread_table_find(100);
    thread_table_detach(found);
    thread_table_unref(found);
    assert_int_equal(look().threads, 0);
}

static void a_join_that_failed_leaves_the_thread(void **state)
{
    struct thread_entry *entry = start(1, 100, false);
    struct thread_entry *found = thread_table_find(100);

    (void)state;
    thread_table_unref(found);
    assert_int_equal(look().threads, 1);
    thread_table_end(entry);
    join(100);
    assert_int_equal(look().threads, 0);
}

/* glibc gives the handle away again before the joiner of the older thread gets to say that it has joined it. */
static void a_handle_used_again_belongs_to_the_newer_thread(void **state)
{
    struct thread_entry *older = start(1, 100, false);
    struct thread_entry *joining = thread_table_find(100);
    struct thread_entry *newer, *another;

    (void)state;
    thread_table_end(older);
    newer = start(2, 100, false);
    assert_ptr_not_equal(newer, older);
    assert_int_equal(look().threads, 1);
    assert_int_equal(look().site, 2);
    /* The joiner's entry is given to nobody meanwhile. */
    another = prepare(4, false);
    assert_ptr_not_equal(another, joining);
    thread_table_cancel(another);
    thread_table_joined(joining);
    assert_int_equal(look().threads, 1);
    assert_int_equal(thread_table_site(joining), 1);
    thread_table_unref(joining);
    assert_int_equal(look().threads, 1);
    assert_int_equal(look().site, 2);
    /* Now the older one's entry is free, and only that one. */
    assert_ptr_equal(prepare(3, false), older);
    thread_table_cancel(older);
    thread_table_end(newer);
    join(100);
    assert_int_equal(look().threads, 0);
}

/* Each handle's entry is found and freed alone, and the table grows with the threads. */
static void very_many_threads_are_told_apart(void **state)
{
    static struct thread_entry *entries[5000];

    (void)state;
    for (uint32_t i = 0; i < ARRAY_LEN(entries); i++)
        entries[i] = start(i + 1, 4096 * (pthread_t)(i + 1), false);
    assert_int_equal(look().threads, ARRAY_LEN(entries));
    for (uint32_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct thread_entry *found = thread_table_find(4096 * (pthread_t)(i + 1));

        assert_ptr_equal(found, entries[i]);
        thread_table_unref(found);
        thread_table_end(entries[i]);
        join(4096 * (pthread_t)(i + 1));
        assert_int_equal(look().threads, ARRAY_LEN(entries) - i - 1);
    }
}

static void threads_that_come_and_go_one_by_one_take_no_more_memory(void **state)
{
    uint64_t before;

    (void)state;
    thread_table_end(start(1, 100, true));
    before = memory_used();
    for (unsigned i = 0; i < CYCLES; i++)
        thread_table_end(start(1, 100, true));
    assert_int_equal(look().threads, 0);
    assert_true(memory_used() <= before + 65536);
}

static void without_memory_there_is_no_entry(void **state)
{
    struct thread_row row = {.site = 1};
    struct thread_entry *entries[4096];
    unsigned n = 0;

    (void)state;
    memory_set_cap(1);
    while (n < ARRAY_LEN(entries) && (entries[n] = thread_table_prepare(&row)) != NULL)
        n++;
    /* Threads of the tests before have left their entries. */
    memory_set_cap(0);
    for (unsigned i = 0; i < n; i++)
        thread_table_cancel(entries[i]);
    memory_set_cap(1);
    for (unsigned i = 0; i < n; i++)
        assert_non_null(entries[i] = thread_table_prepare(&row));
    for (unsigned i = 0; i < n; i++)
        thread_table_cancel(entries[i]);
    memory_set_cap(0);
}

static void in_a_forked_child_only_the_forking_thread_is_left(void **state)
{
    struct thread_entry *self = start(5, 200, false);

    (void)state;
    start(6, 300, false);
    thread_table_after_fork(self);
    assert_int_equal(look().threads, 1);
    assert_int_equal(look().site, 5);
    assert_null(thread_table_find(300));
    thread_table_end(self);
    join(200);
    assert_int_equal(look().threads, 0);
    start(7, 400, false);
    thread_table_after_fork(NULL);
    assert_int_equal(look().threads, 0);
    thread_table_end(start(8, 400, true));
    assert_int_equal(look().threads, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_counts_from_its_creation_until_it_is_joined),
        cmocka_unit_test(creator_and_thread_may_come_in_either_order),
        cmocka_unit_test(a_creation_that_failed_leaves_nothing),
        cmocka_unit_test(a_detached_thread_counts_until_it_ends),
        cmocka_unit_test(detaching_before_or_after_the_end_comes_to_the_same),
        cmocka_unit_test(a_join_that_failed_leaves_the_thread),
        cmocka_unit_test(a_handle_used_again_belongs_to_the_newer_thread),
        cmocka_unit_test(very_many_threads_are_told_apart),
        cmocka_unit_test(threads_that_come_and_go_one_by_one_take_no_more_memory),
        cmocka_unit_test(without_memory_there_is_no_entry),
        cmocka_unit_test(in_a_forked_child_only_the_forking_thread_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
