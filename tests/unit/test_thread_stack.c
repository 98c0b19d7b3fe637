/* Stacks by what stands in control blocks of threads. */
#include "../support/unit.h"

#include "base/sys.h"
#include "reach/thread_stack.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096ul

static uint64_t *block;

static int setup(void **state)
{
    (void)state;
    block = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED;
}

static int teardown(void **state)
{
    (void)state;
    return munmap(block, 4 * PAGE);
}

static bool find(uintptr_t tp, struct range *ret_stack)
{
    struct maps maps;
    bool found;

    assert_int_equal(maps_init(&maps, false), 0);
    found = thread_stack_find(&maps, tp, ret_stack);
    maps_release(&maps);
    return found;
}

static void a_number_and_a_pointer_into_the_block_are_no_stack(void **state)
{
    struct range stack;

    (void)state;
    block[0] = block[2] = (uintptr_t)block;
    block[90] = 1234; /* as the number of a thread */
    block[91] = (uintptr_t)&block[92];
    assert_false(find((uintptr_t)block, &stack));
}

static void a_stack_around_the_block_is_found(void **state)
{
    struct range stack;
    uintptr_t tp = (uintptr_t)block + 3 * PAGE + 0x700;

    (void)state;
    ((uint64_t *)tp)[100] = (uintptr_t)block;
    ((uint64_t *)tp)[101] = 4 * PAGE;
    assert_true(find(tp, &stack));
    assert_int_equal(stack.start, block);
    assert_int_equal(stack.end, (uintptr_t)block + 4 * PAGE);
}

static void *describe_stack(void *ret_stack)
{
    pthread_attr_t attributes;
    struct range *stack = ret_stack;
    struct range found;
    size_t size;
    void *start;

    assert_int_equal(pthread_getattr_np(pthread_self(), &attributes), 0);
    assert_int_equal(pthread_attr_getstack(&attributes, &start, &size), 0);
    pthread_attr_destroy(&attributes);
    *stack = (struct range){(uintptr_t)start, (uintptr_t)start + size};
    assert_true(find((uintptr_t)pthread_self(), &found));
    assert_true(found.start <= stack->start && stack->start - found.start <= 64 * PAGE);
    assert_int_equal(found.end, stack->end);
    return NULL;
}

static void the_stack_of_a_thread_is_what_libc_says(void **state)
{
    struct range stack;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, describe_stack, &stack), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void the_first_thread_has_no_such_stack(void **state)
{
    struct range stack;

    (void)state;
    assert_false(find((uintptr_t)pthread_self(), &stack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_number_and_a_pointer_into_the_block_are_no_stack, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stack_around_the_block_is_found, setup, teardown),
        cmocka_unit_test(the_stack_of_a_thread_is_what_libc_says),
        cmocka_unit_test(the_first_thread_has_no_such_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
