/* The table of live heap blocks, used by several threads. */
#include "../support/unit.h"

#include "store/heap_table.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 4
#define BLOCKS_OF_THREAD 20000
#define FIRST_ADDR 0x7e0000000000ul
#define SIZES 4096

static void only_the_first_to_share_the_table_is_told_so(void **state)
{
    (void)state;
    assert_true(heap_table_share());
    assert_false(heap_table_share());
}

static void run_threads(void *(*routine)(void *))
{
    pthread_t threads[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, routine, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *complaint;

        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        assert_ptr_equal(complaint, NULL);
    }
}

static void *add_and_take(void *argument)
{
    uintptr_t first = (uintptr_t)argument + 1;
    struct heap_block block;

    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < BLOCKS_OF_THREAD; i++)
            if (heap_table_add((first + i * THREADS) * 16, first, 1) != HEAP_PUT_NEW)
                return "a block was there already";
        for (uintptr_t i = 0; i < BLOCKS_OF_THREAD; i++)
            if (!heap_table_take((first + i * THREADS) * 16, &block) || block.size != first)
                return "a block was lost";
    }
    return NULL;
}

static void count(const struct heap_block *block, void *context)
{
    (void)block;
    ++*(unsigned *)context;
}

static void threads_do_not_disturb_each_other(void **state)
{
    unsigned blocks = 0;

    (void)state;
    run_threads(add_and_take);
    heap_table_visit(count, &blocks);
    assert_int_equal(blocks, 0);
}

/* Where each thread puts a block for the next one to take; 0: there is none. */
static uintptr_t handed_over[THREADS];

static void *take_from_the_one_before(void *argument)
{
    uintptr_t n = (uintptr_t)argument;
    uintptr_t *in = &handed_over[(n + THREADS - 1) % THREADS], *out = &handed_over[n];
    struct heap_block block;

    for (uint64_t given = 0, taken = 0; given < BLOCKS_OF_THREAD || taken < BLOCKS_OF_THREAD;) {
        uintptr_t addr = __atomic_load_n(in, __ATOMIC_ACQUIRE);

        if (given < BLOCKS_OF_THREAD && __atomic_load_n(out, __ATOMIC_ACQUIRE) == 0) {
            uintptr_t mine = FIRST_ADDR + (given++ * THREADS + n) * 16;

            if (heap_table_add(mine, mine % SIZES, 1) != HEAP_PUT_NEW)
                return "a block was there already";
            __atomic_store_n(out, mine, __ATOMIC_RELEASE);
        }
        if (addr != 0) {
            if (!heap_table_take(addr, &block) || block.size != addr % SIZES)
                return "a block was lost";
            taken++;
            __atomic_store_n(in, 0, __ATOMIC_RELEASE);
        }
        sched_yield();
    }
    return NULL;
}

static void a_block_can_be_taken_by_another_thread_than_added_it(void **state)
{
    (void)state;
    run_threads(take_from_the_one_before);
}

static void *add_one(void *addr)
{
    return (void *)(uintptr_t)heap_table_add((uintptr_t)addr, 1, 1);
}

static enum heap_put add_in_thread(uintptr_t addr)
{
    pthread_t thread;
    void *result;

    assert_int_equal(pthread_create(&thread, NULL, add_one, (void *)addr), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    return (enum heap_put)(uintptr_t)result;
}

/* As after longjmp out of a handler that has interrupted a change. */
static void a_region_that_nobody_lets_go_is_waited_for_once_until_it_is_let_go(void **state)
{
    const uintptr_t addr = FIRST_ADDR - (2ul << HEAP_REGION_BITS);
    struct heap_hold hold;

    (void)state;
    assert_int_equal(heap_table_add(addr, 1, 1), HEAP_PUT_NEW);
    assert_true(heap_region_try(&hold, heap_region_find(addr)));
    assert_int_equal(add_in_thread(addr + 8), HEAP_PUT_NO_LOCK);
    assert_int_equal(*hold.entry & HEAP_GIVEN_UP, HEAP_GIVEN_UP);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(heap_table_add(addr + 8, 1, 1), HEAP_PUT_NO_LOCK);
    heap_region_leave(hold);
    assert_int_equal(add_in_thread(addr + 8), HEAP_PUT_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_first_to_share_the_table_is_told_so),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(a_block_can_be_taken_by_another_thread_than_added_it),
        cmocka_unit_test(a_region_that_nobody_lets_go_is_waited_for_once_until_it_is_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
