/* The recorder: what an event does to the store, when it does nothing, and what it leaves alone. */
#include "../support/unit.h"

#include "record/guard.h"
#include "record/record.h"
#include "record/stack_libunwind.h"
#include "store/counters.h"
#include "store/site_table.h"
#include "store/tally.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_KINDS (1u << KIND_HEAP | 1u << KIND_FD | 1u << KIND_THREAD)
#define BLOCK ((void *)0x100010)
#define OTHER ((void *)0x100020)
#define OF_THREAD ((void *)0x100030)
#define FD 700

struct live {
    unsigned blocks;
    uint64_t bytes;
    unsigned young;
    uint32_t site;
};

static void see_block(const struct heap_block *block, void *context)
{
    struct live *live = context;

    live->blocks++;
    live->bytes += block->size;
    live->young += block->after_mark;
    live->site = block->site;
}

static struct live live_blocks(void)
{
    struct live live = {0};

    heap_table_visit(see_block, &live);
    return live;
}

static void see_thread(const struct thread_row *row, void *context)
{
    (void)row;
    ++*(unsigned *)context;
}

static unsigned live_threads(void)
{
    unsigned threads = 0;

    thread_table_visit(see_thread, &threads);
    return threads;
}

/* Counters when the test began. */
static uint64_t before[COUNTER_MAX];

static uint64_t counted(enum counter counter)
{
    return counters_get(counter) - before[counter];
}

static int begin(void **state)
{
    (void)state;
    for (enum counter counter = 0; counter < COUNTER_MAX; counter++)
        before[counter] = counters_get(counter);
    record_enable(ALL_KINDS);
    errno = 77;
    return 0;
}

/* Behind each test: nothing is live, nothing was dropped unseen, and errno is what it was. */
static int end(void **state)
{
    struct fd_entry entry;

    (void)state;
    record_enable(0);
    return errno == 77 && live_blocks().blocks == 0 && live_threads() == 0 && !fd_table_get(FD, &entry) && !guard.busy &&
                   guard.ignoring == 0 && guard.being_released == 0
               ? 0
               : -1;
}

static __thread uintptr_t called_from; /* the return address of the last call of acquire() */

__attribute__((noinline)) static void acquire(void *block, size_t size)
{
    called_from = (uintptr_t)__builtin_return_address(0);
    record_heap_acquire(block, size, STACK_CALLER);
}

__attribute__((noinline)) static void acquire_outer(void *block, size_t size)
{
    record_heap_acquire_outer(block, size, STACK_CALLER);
}

__attribute__((noinline)) static void acquire_fd(int fd)
{
    record_fd_acquire(fd, false, STACK_CALLER);
}

static void add_tally(const struct tally *tally, void *context)
{
    struct tally *sum = context;

    if (tally->site != sum->site)
        return;
    sum->count += tally->count;
    sum->bytes += tally->bytes;
}

static struct tally acquired_by(struct site *site)
{
    struct tally sum = {.site = site, .count = site->acquired_count, .bytes = site->acquired_bytes};

    tally_visit(add_tally, &sum);
    return sum;
}

static bool release(void *block)
{
    struct heap_block released;

    return record_heap_release(block, &released);
}

static bool release_fd(int fd)
{
    struct fd_entry released;

    return record_fd_release(fd, &released);
}

/* --- heap --------------------------------------------------------------------------------------------------------- */

static void a_block_is_recorded_at_its_caller_and_released(void **state)
{
    struct live live;
    struct site *site;

    (void)state;
    acquire(BLOCK, 100);
    live = live_blocks();
    assert_int_equal(live.blocks, 1);
    assert_int_equal(live.bytes, 100);
    assert_int_equal(live.young, 1);
    site = site_table_get(live.site);
    assert_int_equal(site->kind, KIND_HEAP);
    assert_int_equal(acquired_by(site).count, 1);
    assert_int_equal(acquired_by(site).bytes, 100);
    assert_false(site_is_truncated(site));
    assert_int_equal(stack_tree_pc(site->node), called_from - 1);
    assert_true(release(BLOCK));
    assert_int_equal(acquired_by(site).count, 1);
}

static void no_block_is_no_event(void **state)
{
    (void)state;
    acquire(NULL, 100);
    assert_false(release(NULL));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 0);
}

static void an_unknown_release_is_counted(void **state)
{
    (void)state;
    assert_false(release(BLOCK));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 1);
}

static void an_address_acquired_twice_is_counted_as_replaced(void **state)
{
    (void)state;
    acquire(BLOCK, 1);
    acquire(BLOCK, 2);
    assert_int_equal(counted(COUNTER_REPLACED), 1);
    assert_int_equal(live_blocks().bytes, 2);
    assert_true(release(BLOCK));
}

static void a_release_that_failed_is_taken_back_with_its_age(void **state)
{
    struct heap_block released;
    uint64_t acquired;

    (void)state;
    acquire(BLOCK, 5);
    acquired = acquired_by(site_table_get(live_blocks().site)).count;
    record_mark();
    assert_true(record_heap_release(BLOCK, &released));
    record_heap_restore(&released);
    assert_int_equal(live_blocks().bytes, 5);
    assert_int_equal(live_blocks().young, 0);
    assert_int_equal(acquired_by(site_table_get(live_blocks().site)).count, acquired);
    assert_true(release(BLOCK));
}

static void the_mark_makes_older_blocks_old(void **state)
{
    (void)state;
    acquire(BLOCK, 5);
    record_mark();
    acquire(OTHER, 6);
    assert_int_equal(live_blocks().young, 1);
    assert_true(release(BLOCK));
    assert_int_equal(live_blocks().young, 1);
    assert_true(release(OTHER));
}

/* --- hooks inside hooks ------------------------------------------------------------------------------------------- */

static void what_an_inner_hook_has_recorded_the_outer_does_not(void **state)
{
    (void)state;
    record_heap_enter();
    acquire(BLOCK, 10);
    acquire_outer(BLOCK, 10);
    assert_int_equal(counted(COUNTER_REPLACED), 0);
    assert_int_equal(live_blocks().blocks, 1);
    assert_true(release(BLOCK));
}

static void what_no_inner_hook_has_recorded_the_outer_does(void **state)
{
    (void)state;
    record_heap_enter();
    acquire(OTHER, 1); /* of some other work of the operator */
    acquire_outer(BLOCK, 10);
    assert_int_equal(live_blocks().blocks, 2);
    assert_true(release(BLOCK));
    assert_true(release(OTHER));
    acquire(BLOCK, 1);
    assert_true(release(BLOCK));
    /* The same address, but recorded before the operator was entered. */
    record_heap_enter();
    acquire_outer(BLOCK, 10);
    assert_int_equal(live_blocks().bytes, 10);
    assert_true(release(BLOCK));
    record_heap_enter();
    acquire_outer(NULL, 10);
}

static void an_inner_release_of_what_the_outer_has_released_is_not_unknown(void **state)
{
    (void)state;
    acquire(BLOCK, 1);
    acquire(OTHER, 2);
    record_heap_release_outer(BLOCK);
    assert_false(release(BLOCK));
    assert_true(release(OTHER));
    record_heap_release_done();
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 0);
    assert_false(release(BLOCK));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 1);
    record_heap_release_outer(NULL);
    record_heap_release_done();
}

static void *count_up(void *argument)
{
    ++*(int *)argument;
    return argument;
}

struct running {
    struct thread_entry *entry;
    void *answer;
    bool knows_its_stack;
};

/* What hook/hook_thread does in a new thread. */
static void *run(void *context)
{
    struct running *running = context;
    struct thread_start start = record_thread_started(running->entry);
    const struct stack_bounds *bounds = &guard.state->stacks.bounds;

    running->knows_its_stack = (uintptr_t)&start - bounds->low < bounds->high - bounds->low;
    acquire(OF_THREAD, 1);
    running->answer = release(OF_THREAD) ? start.routine(start.argument) : NULL;
    record_thread_ended(running->entry);
    return NULL;
}

/* It does what it is to do, and knows its stack; but nobody hears of it. */
static void run_unrecorded_thread(void)
{
    int number = 0;
    struct thread_start start = {.routine = count_up, .argument = &number};
    struct running running = {.entry = record_thread_create(&start, 8 << 20, false, STACK_CALLER)};
    pthread_t thread;

    assert_non_null(running.entry);
    assert_int_equal(pthread_create(&thread, NULL, run, &running), 0);
    record_thread_created(running.entry, thread);
    assert_int_equal(live_threads(), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    record_thread_join_done(record_thread_join(thread), true);
    assert_int_equal(live_threads(), 0);
    assert_int_equal(number, 1);
    assert_true(running.knows_its_stack);
}

/* --- when nothing is recorded ------------------------------------------------------------------------------------- */

static void while_recording_is_off_nothing_is_recorded(void **state)
{
    (void)state;
    record_enable(0);
    assert_false(record_is_on());
    acquire(BLOCK, 1);
    acquire_fd(FD);
    assert_false(release(BLOCK));
    assert_null(record_thread_create(&(struct thread_start){0}, 0, false, STACK_CALLER));
    assert_false(record_at_next_allocation(NULL));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 0);
}

static void kinds_that_are_off_are_not_recorded(void **state)
{
    struct fd_entry entry;

    (void)state;
    record_enable(1u << KIND_FD);
    assert_true(record_is_on());
    acquire(BLOCK, 1);
    acquire_fd(FD);
    assert_true(fd_table_get(FD, &entry));
    assert_true(release_fd(FD));
    record_enable(1u << KIND_HEAP);
    acquire_fd(FD);
    acquire(BLOCK, 1);
    assert_true(release(BLOCK));
    run_unrecorded_thread();
}

static void events_in_a_handler_that_interrupted_leaktrace_are_counted_as_dropped(void **state)
{
    (void)state;
    acquire(BLOCK, 1);
    assert_true(guard_enter());
    acquire(OTHER, 1);
    assert_false(release(BLOCK));
    acquire_fd(FD);
    assert_false(release_fd(FD));
    guard_leave();
    assert_int_equal(counted(COUNTER_DROPPED_NESTED), 4);
    assert_int_equal(counters_dropped(), counted(COUNTER_DROPPED_NESTED) + before[COUNTER_DROPPED_NESTED]);
    assert_true(release(BLOCK));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 0);
}

static void what_is_acquired_while_ignoring_is_not_recorded(void **state)
{
    (void)state;
    acquire(OTHER, 1);
    record_ignore_begin();
    record_ignore_begin();
    acquire(BLOCK, 1);
    acquire_fd(FD);
    run_unrecorded_thread();
    record_ignore_end();
    acquire(BLOCK, 1);
    assert_true(release(OTHER)); /* releases are recorded all the same */
    record_ignore_end();
    record_ignore_end();
    assert_int_equal(live_blocks().blocks, 0);
    assert_int_equal(counters_dropped(), before[COUNTER_DROPPED_NESTED] + before[COUNTER_DROPPED_MEMORY] + before[COUNTER_DROPPED_LOCK]);
    acquire(BLOCK, 1);
    assert_true(release(BLOCK));
}

static unsigned worked;

static void work(void)
{
    worked++;
    acquire(OTHER, 1);
}

static void work_for_the_next_allocation_is_done_once_behind_it(void **state)
{
    (void)state;
    worked = 0;
    assert_true(record_at_next_allocation(work));
    acquire_fd(FD);
    assert_true(release_fd(FD));
    assert_int_equal(worked, 0);
    acquire(BLOCK, 1);
    assert_int_equal(worked, 1);
    assert_int_equal(live_blocks().blocks, 1);
    assert_true(release(BLOCK));
    acquire(BLOCK, 1);
    assert_int_equal(worked, 1);
    assert_true(release(BLOCK));
}

/* --- descriptors -------------------------------------------------------------------------------------------------- */

static void a_descriptor_is_recorded_with_its_peer_and_released(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = 80};
    struct fd_entry entry;

    (void)state;
    acquire_fd(FD);
    record_fd_peer(FD, (const struct sockaddr *)&addr, sizeof(addr));
    record_fd_peer(FD, NULL, 0);
    assert_true(fd_table_get(FD, &entry));
    assert_int_equal(site_table_get(entry.site)->kind, KIND_FD);
    assert_int_equal(entry.peer_len, sizeof(addr));
    assert_memory_equal(entry.peer, &addr, sizeof(addr));
    assert_true(release_fd(FD));
    assert_false(release_fd(FD));
    acquire_fd(-1);
    assert_false(release_fd(-1));
    assert_int_equal(counted(COUNTER_UNKNOWN_RELEASE), 0);
}

static void a_descriptor_restored_is_as_it_was(void **state)
{
    struct fd_entry released, entry;

    (void)state;
    acquire_fd(FD);
    assert_true(record_fd_release(FD, &released));
    record_fd_restore(FD, &released);
    assert_true(fd_table_get(FD, &entry));
    assert_memory_equal(&entry, &released, sizeof(entry));
    acquire_fd(FD);
    assert_int_equal(counted(COUNTER_REPLACED), 1);
    assert_true(release_fd(FD));
}

static void a_range_is_released_with_both_ends(void **state)
{
    (void)state;
    for (int fd = FD; fd < FD + 10; fd++)
        acquire_fd(fd);
    record_fd_release_range(FD + 2, FD + 4);
    for (int fd = FD; fd < FD + 10; fd++)
        assert_int_equal(release_fd(fd), fd < FD + 2 || fd > FD + 4);
    for (int fd = FD; fd < FD + 10; fd++)
        acquire_fd(fd);
    record_fd_release_range(FD, ~0u);
    for (int fd = FD; fd < FD + 10; fd++)
        assert_false(release_fd(fd));
}

/* The child of vfork has the parent's memory, but its own descriptors. */
static void a_child_that_shares_the_memory_does_not_change_the_parent_s_descriptors(void **state)
{
    struct fd_entry entry;
    pid_t child;
    int status;

    (void)state;
    record_has_vforked = true; /* as the hooks of vfork and clone say */
    acquire_fd(FD);
    child = vfork();
    if (child == 0) {
        struct fd_entry released;

        _exit(record_is_own_process() || record_fd_release(FD, &released) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(record_is_own_process());
    assert_true(fd_table_get(FD, &entry));
    assert_true(release_fd(FD));
}

static void a_forked_child_records_on_its_own(void **state)
{
    pid_t child;
    int status;

    (void)state;
    acquire(BLOCK, 1);
    child = fork();
    if (child == 0) {
        alarm(60);
        record_after_fork();
        acquire(OTHER, 1);
        acquire_fd(FD);
        _exit(record_is_own_process() && release(BLOCK) && release(OTHER) && release_fd(FD) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(release(BLOCK));
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static void a_thread_counts_until_it_was_joined(void **state)
{
    int number = 0;
    struct thread_start start = {.routine = count_up, .argument = &number};
    struct running running = {.entry = record_thread_create(&start, 8 << 20, false, STACK_CALLER)};
    struct thread_entry *joining;
    pthread_t thread;

    (void)state;
    assert_non_null(running.entry);
    assert_int_equal(pthread_create(&thread, NULL, run, &running), 0);
    record_thread_created(running.entry, thread);
    assert_int_equal(live_threads(), 1);
    joining = record_thread_join(thread);
    record_thread_join_done(joining, false);
    assert_int_equal(live_threads(), 1);
    joining = record_thread_join(thread);
    assert_int_equal(pthread_join(thread, NULL), 0);
    record_thread_join_done(joining, true);
    assert_int_equal(live_threads(), 0);
    assert_int_equal(number, 1);
    assert_ptr_equal(running.answer, &number);
    record_thread_join_done(NULL, true);
    record_thread_detach_done(NULL, true);
}

static void a_thread_that_could_not_be_created_never_counted(void **state)
{
    struct thread_start start = {.routine = count_up};
    struct thread_entry *entry = record_thread_create(&start, 0, false, STACK_CALLER);

    (void)state;
    assert_int_equal(live_threads(), 0);
    record_thread_failed(entry);
    assert_int_equal(live_threads(), 0);
}

static void a_detached_thread_counts_until_it_ends(void **state)
{
    int number = 0;
    struct thread_start start = {.routine = count_up, .argument = &number};
    struct running running = {.entry = record_thread_create(&start, 8 << 20, false, STACK_CALLER)};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, run, &running), 0);
    record_thread_created(running.entry, thread);
    record_thread_detach_done(record_thread_detach(thread), true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(live_threads(), 0);
}

/* --- many threads ------------------------------------------------------------------------------------------------- */

static void *acquire_and_release(void *argument)
{
    uintptr_t first = (uintptr_t)argument << 32;

    for (uintptr_t i = 1; i <= 20000; i++)
        acquire((void *)(first + i * 16), 1);
    for (uintptr_t i = 1; i <= 20000; i++)
        if (!release((void *)(first + i * 16)))
            return "a block was lost";
    guard_thread_ends();
    return NULL;
}

static void threads_record_side_by_side(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < ARRAY_LEN(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, acquire_and_release, (void *)(i + 1)), 0);
        for (unsigned i = 0; i < ARRAY_LEN(threads); i++) {
            void *complaint;

            assert_int_equal(pthread_join(threads[i], &complaint), 0);
            assert_null(complaint);
        }
    }
    assert_int_equal(counted(COUNTER_DROPPED_NESTED) + counted(COUNTER_DROPPED_LOCK) + counted(COUNTER_DROPPED_MEMORY), 0);
    assert_int_equal(counted(COUNTER_REPLACED) + counted(COUNTER_UNKNOWN_RELEASE), 0);
}

/* The last test of all: there is no way back. */
static void a_thread_that_is_never_recorded_is_not(void **state)
{
    (void)state;
    record_never();
    acquire(BLOCK, 1);
    assert_false(release(BLOCK));
    guard_leave();
    assert_false(release(BLOCK));
}

static int prepare(void **state)
{
    (void)state;
    stack_libunwind_init();
    return 0;
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED(a_block_is_recorded_at_its_caller_and_released),
        RECORDED(no_block_is_no_event),
        RECORDED(an_unknown_release_is_counted),
        RECORDED(an_address_acquired_twice_is_counted_as_replaced),
        RECORDED(a_release_that_failed_is_taken_back_with_its_age),
        RECORDED(the_mark_makes_older_blocks_old),
        RECORDED(what_an_inner_hook_has_recorded_the_outer_does_not),
        RECORDED(what_no_inner_hook_has_recorded_the_outer_does),
        RECORDED(an_inner_release_of_what_the_outer_has_released_is_not_unknown),
        RECORDED(while_recording_is_off_nothing_is_recorded),
        RECORDED(kinds_that_are_off_are_not_recorded),
        RECORDED(events_in_a_handler_that_interrupted_leaktrace_are_counted_as_dropped),
        RECORDED(what_is_acquired_while_ignoring_is_not_recorded),
        RECORDED(work_for_the_next_allocation_is_done_once_behind_it),
        RECORDED(a_descriptor_is_recorded_with_its_peer_and_released),
        RECORDED(a_descriptor_restored_is_as_it_was),
        RECORDED(a_range_is_released_with_both_ends),
        RECORDED(a_child_that_shares_the_memory_does_not_change_the_parent_s_descriptors),
        RECORDED(a_forked_child_records_on_its_own),
        RECORDED(a_thread_counts_until_it_was_joined),
        RECORDED(a_thread_that_could_not_be_created_never_counted),
        RECORDED(a_detached_thread_counts_until_it_ends),
        RECORDED(threads_record_side_by_side),
        RECORDED(a_thread_that_is_never_recorded_is_not),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
