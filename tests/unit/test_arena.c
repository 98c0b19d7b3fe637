/* leaktrace's own memory: pages that are counted and capped, and the arena on top of them. */
#include "../support/unit.h"

#include "base/arena.h"
#include "base/memory.h"

#include <string.h>

static void pages_are_zeroed_and_counted_until_they_are_given_back(void **state)
{
    uint64_t before = memory_used();
    unsigned char *ptr = memory_map(5000);

    (void)state;
    assert_non_null(ptr);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(ptr[i], 0);
    assert_int_equal(memory_used(), before + 8192);
    memory_unmap(ptr, 5000);
    assert_int_equal(memory_used(), before);
}

static void past_the_cap_requests_are_refused_and_counted(void **state)
{
    uint64_t before = memory_used(), refused = memory_refused();
    void *first, *second;

    (void)state;
    memory_set_cap(before + 8192);
    first = memory_map(4096);
    second = memory_map(4096);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(memory_map(1));
    assert_int_equal(memory_refused(), refused + 1);
    assert_int_equal(memory_used(), before + 8192);
    memory_unmap(first, 4096);
    first = memory_map(1);
    assert_non_null(first);
    memory_set_cap(0);
    memory_unmap(first, 1);
    memory_unmap(second, 4096);
}

static void a_request_that_no_kernel_can_serve_is_refused(void **state)
{
    uint64_t before = memory_used();

    (void)state;
    assert_null(memory_map(1ul << 62));
    assert_int_equal(memory_used(), before);
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    struct arena arena = {0};
    unsigned char *pieces[1000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        pieces[i] = arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 251) + 1, i);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i % 251 + 1);
    arena_release(&arena);
}

static void a_large_piece_is_as_good_as_a_small_one(void **state)
{
    struct arena arena = {0};
    char *large = arena_alloc(&arena, 10 << 20);
    char *small = arena_alloc(&arena, 16);

    (void)state;
    assert_non_null(large);
    assert_non_null(small);
    large[(10 << 20) - 1] = 1;
    assert_true(small >= large + (10 << 20) || small + 16 <= large);
    arena_release(&arena);
}

static void what_is_released_is_given_back_and_the_arena_can_be_used_again(void **state)
{
    uint64_t before = memory_used();
    struct arena arena = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            assert_non_null(arena_alloc(&arena, 5000));
        assert_true(memory_used() >= before + 500000);
        arena_release(&arena);
        assert_int_equal(memory_used(), before);
    }
    arena_release(&arena);
}

static void texts_and_arrays_are_copied(void **state)
{
    struct arena arena = {0};
    int *array = arena_grow(&arena, NULL, 0, 4 * sizeof(*array));

    (void)state;
    assert_string_equal(arena_strndup(&arena, "function", 4), "func");
    assert_string_equal(arena_strndup(&arena, "", 0), "");
    for (int i = 0; i < 4; i++)
        array[i] = i + 1;
    array = arena_grow(&arena, array, 4 * sizeof(*array), 100 * sizeof(*array));
    for (int i = 0; i < 100; i++)
        assert_int_equal(array[i], i < 4 ? i + 1 : 0);
    arena_release(&arena);
}

static void without_memory_there_is_no_piece_and_what_was_there_stays(void **state)
{
    struct arena arena = {0};
    char *first = arena_strndup(&arena, "here", 4);

    (void)state;
    memory_set_cap(1);
    assert_null(arena_alloc(&arena, 1 << 20));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 40));
    assert_null(arena_grow(&arena, first, 5, 1 << 20));
    assert_string_equal(first, "here");
    assert_non_null(arena_alloc(&arena, 16));
    memory_set_cap(0);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 40));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_zeroed_and_counted_until_they_are_given_back),
        cmocka_unit_test(past_the_cap_requests_are_refused_and_counted),
        cmocka_unit_test(a_request_that_no_kernel_can_serve_is_refused),
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_piece_is_as_good_as_a_small_one),
        cmocka_unit_test(what_is_released_is_given_back_and_the_arena_can_be_used_again),
        cmocka_unit_test(texts_and_arrays_are_copied),
        cmocka_unit_test(without_memory_there_is_no_piece_and_what_was_there_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
