/* The filter of recorded blocks, against a count of each address. */
#include "../support/unit.h"

#include "store/heap_filter.h"

#include <pthread.h>
#include <string.h>

#define ADDRESSES 5000u
#define OPERATIONS 200000u
#define THREADS 4u
#define ROUNDS 20000u

static uintptr_t stride = 48;

static uintptr_t address(unsigned i)
{
    return 0x7f0000000010u + i * stride;
}

static int empty(void **state)
{
    (void)state;
    memset(heap_filter_counts, 0, sizeof(heap_filter_counts));
    return 0;
}

static bool is_empty(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(heap_filter_counts); i++)
        if (heap_filter_counts[i] != 0)
            return false;
    return true;
}

static void what_was_added_may_be_there_until_it_is_removed(void **state)
{
    static unsigned counts[ADDRESSES];
    uint64_t seed = 1;

    (void)state;
    for (unsigned n = 0; n < OPERATIONS; n++) {
        unsigned i = random_next(&seed) % ADDRESSES;

        if (counts[i] == 0 || random_next(&seed) % 2 == 0)
            counts[i]++, heap_filter_add(address(i));
        else
            counts[i]--, heap_filter_remove(address(i));
        i = random_next(&seed) % ADDRESSES;
        assert_true(counts[i] == 0 || heap_filter_may_have(address(i)));
    }
    for (unsigned i = 0; i < ADDRESSES; i++)
        for (; counts[i] > 0; counts[i]--) {
            assert_true(heap_filter_may_have(address(i)));
            heap_filter_remove(address(i));
        }
    assert_true(is_empty());
}

static void most_others_are_told_from_a_thousand(void **state)
{
    static const uintptr_t strides[] = {16, 48, 80, 1040, 4096, 65536, 1ul << 20};

    for (size_t s = 0; s < ARRAY_LEN(strides); s++) {
        unsigned maybe = 0;

        stride = strides[s];
        empty(state);
        for (unsigned i = 0; i < ADDRESSES; i += 5)
            heap_filter_add(address(i));
        for (unsigned i = 0; i < ADDRESSES; i++)
            maybe += heap_filter_may_have(address(i)) && i % 5 != 0;
        assert_in_range(maybe, 0, ADDRESSES / 8);
    }
    stride = 48;
}

static void a_count_at_its_limit_stays_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        heap_filter_add(address(1));
    for (unsigned i = 0; i < 1000; i++)
        heap_filter_remove(address(1));
    assert_true(heap_filter_may_have(address(1)));
    assert_false(heap_filter_may_have(address(2)));
}

static void *add_and_remove(void *argument)
{
    uintptr_t own = address((unsigned)(uintptr_t)argument);

    for (unsigned i = 0; i < ROUNDS; i++) {
        heap_filter_add(own);
        heap_filter_add(address(0));
        if (!heap_filter_may_have(own) || !heap_filter_may_have(address(0)))
            return argument;
        heap_filter_remove(own);
        heap_filter_remove(address(0));
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    pthread_t threads[THREADS];
    void *result;

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_remove, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_true(is_empty());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_added_may_be_there_until_it_is_removed, empty),
        cmocka_unit_test_setup(most_others_are_told_from_a_thousand, empty),
        cmocka_unit_test_setup(a_count_at_its_limit_stays_there, empty),
        cmocka_unit_test_setup(threads_lose_no_count, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
