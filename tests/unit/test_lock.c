/* The bounded mutex. */
#include "../support/unit.h"

#include "base/lock.h"
#include "base/sys.h"

#include <pthread.h>
#include <time.h>

#define THREADS 4
#define ROUNDS 50000

static struct lock lock = LOCK_INIT(LOCK_RANK_HEAP);
static uint64_t sum; /* under the lock */

static void *add_slowly(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t before;

        if (!lock_acquire(&lock))
            return "the lock was not to be had";
        before = *(volatile uint64_t *)&sum;
        if (i % 1000 == 0)
            sys_yield();
        *(volatile uint64_t *)&sum = before + 1;
        lock_release(&lock);
    }
    return NULL;
}

static void only_one_thread_at_a_time_holds_it(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_slowly, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *complaint;

        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        assert_null(complaint);
    }
    assert_int_equal(sum, THREADS * ROUNDS);
    assert_int_equal(lock.word, 0);
    assert_int_equal(lock_timeouts(), 0);
}

static void *acquire_once(void *argument)
{
    bool got = lock_acquire(&lock);

    (void)argument;
    if (got)
        lock_release(&lock);
    return got ? &lock : NULL;
}

static void a_waiter_is_woken_by_the_release(void **state)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    pthread_t waiter;
    void *got;

    (void)state;
    assert_true(lock_acquire(&lock));
    assert_int_equal(pthread_create(&waiter, NULL, acquire_once, NULL), 0);
    while (__atomic_load_n(&lock.word, __ATOMIC_RELAXED) != 2)
        nanosleep(&pause, NULL);
    lock_release(&lock);
    assert_int_equal(pthread_join(waiter, &got), 0);
    assert_ptr_equal(got, &lock);
    assert_int_equal(lock_timeouts(), 0);
}

static void a_lock_that_is_never_released_is_given_up_and_counted(void **state)
{
    pthread_t waiter;
    void *got;
    int64_t begin = sys_monotonic_ns();

    (void)state;
    assert_true(lock_acquire(&lock));
    assert_int_equal(pthread_create(&waiter, NULL, acquire_once, NULL), 0);
    assert_int_equal(pthread_join(waiter, &got), 0);
    assert_null(got);
    assert_int_equal(lock_timeouts(), 1);
    /* Not before its time: that would drop events for nothing. */
    assert_true(sys_monotonic_ns() - begin >= LOCK_WAIT_MS * 1000000ll);
    lock_release(&lock);
    assert_ptr_equal(acquire_once(NULL), &lock);
}

static void a_reset_lock_is_free_whoever_held_it(void **state)
{
    struct lock held = {.word = 2, .rank = LOCK_RANK_HEAP};

    (void)state;
    lock_reset(&held);
    assert_true(lock_acquire(&held));
    lock_release(&held);
    assert_int_equal(held.word, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_thread_at_a_time_holds_it),
        cmocka_unit_test(a_waiter_is_woken_by_the_release),
        cmocka_unit_test(a_lock_that_is_never_released_is_given_up_and_counted),
        cmocka_unit_test(a_reset_lock_is_free_whoever_held_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
