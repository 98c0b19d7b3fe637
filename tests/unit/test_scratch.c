/* The memory of dumps. */
#include "../support/unit.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/scratch.h"

#include <string.h>

#define MIB (1ul << 20)

static void assert_zeroed(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], 0);
}

/* Takes and gives back as much as a dump of that size. */
static void dump_of(size_t size)
{
    struct arena arena = {.is_scratch = true};

    for (size_t taken = 0; taken < size; taken += 10000) {
        unsigned char *bytes = arena_alloc(&arena, 10000);

        assert_non_null(bytes);
        assert_zeroed(bytes, 10000);
        memset(bytes, 0xff, 10000);
    }
    arena_release(&arena);
}

static void what_was_needed_once_is_there_when_there_is_no_memory(void **state)
{
    (void)state;
    dump_of(2 * MIB);
    scratch_keep_ready(16 * MIB);
    memory_set_cap(1);
    dump_of(2 * MIB);
    dump_of(2 * MIB + 2 * MIB / 5);
    memory_set_cap(0);
}

static void what_does_not_fit_is_mapped_and_given_back(void **state)
{
    uint64_t before = memory_used();
    void *large;

    (void)state;
    large = scratch_take(64 * MIB);
    assert_non_null(large);
    assert_int_equal(memory_used(), before + 64 * MIB);
    assert_zeroed(large, 4096);
    scratch_give(large, 64 * MIB);
    assert_int_equal(memory_used(), before);
    memory_set_cap(1);
    assert_null(scratch_take(64 * MIB));
    memory_set_cap(0);
}

static void no_more_is_kept_than_the_limit(void **state)
{
    uint64_t before = memory_used();

    (void)state;
    scratch_keep_ready(before);
    assert_int_equal(memory_used(), before);
    scratch_keep_ready(16 * MIB + 5);
    memory_set_cap(1);
    dump_of(14 * MIB);
    assert_null(scratch_take(17 * MIB));
    memory_set_cap(0);
    assert_true(memory_used() <= 16 * MIB);
}

static void nothing_is_moved_while_it_is_in_use(void **state)
{
    unsigned char *first = scratch_take(5000), *second = scratch_take(4096);

    (void)state;
    memset(first, 1, 5000);
    memset(second, 2, 4096);
    scratch_keep_ready(64 * MIB);
    assert_int_equal(first[4999], 1);
    assert_int_equal(second[0], 2);
    scratch_give(first, 5000);
    assert_ptr_not_equal(scratch_take(4096), second);
    assert_int_equal(second[4095], 2);
    scratch_after_fork();
    assert_ptr_equal(scratch_take(4096), first);
    scratch_after_fork();
}

static void an_arena_that_was_cleared_needs_no_new_memory(void **state)
{
    struct arena arena = {0};
    unsigned char *bytes;

    (void)state;
    memset(arena_alloc(&arena, 40000), 1, 40000);
    memset(arena_alloc(&arena, 40000), 1, 40000);
    arena_clear(&arena);
    memory_set_cap(1);
    bytes = arena_alloc(&arena, 40000);
    assert_non_null(bytes);
    assert_zeroed(bytes, 40000);
    assert_null(arena_alloc(&arena, 40000));
    memory_set_cap(0);
    arena_keep_ready(&arena, 128 * 1024);
    memory_set_cap(1);
    assert_non_null(arena_alloc(&arena, 64 * 1024));
    memory_set_cap(0);
    arena_release(&arena);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_needed_once_is_there_when_there_is_no_memory),
        cmocka_unit_test(what_does_not_fit_is_mapped_and_given_back),
        cmocka_unit_test(no_more_is_kept_than_the_limit),
        cmocka_unit_test(nothing_is_moved_while_it_is_in_use),
        cmocka_unit_test(an_arena_that_was_cleared_needs_no_new_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
