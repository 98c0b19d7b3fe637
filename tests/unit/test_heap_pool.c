/* The memory of the heap's tables. */
#include "../support/unit.h"

#include "base/memory.h"
#include "store/heap_pool.h"

#include <stdbool.h>
#include <string.h>

#define RUNS 500
#define OPERATIONS 200000
#define WORD 0x0007000000000001ull /* as a table's words are: the upper bits are not 0 */

struct run {
    uint64_t *words; /* NULL: none */
    uint32_t lines;
    uint64_t content;
};

static struct run runs[RUNS];

static bool consists_of(const struct run *run, uint64_t word)
{
    for (uint32_t i = 0; i < run->lines * 8; i++)
        if (run->words[i] != word)
            return false;
    return true;
}

static void take(struct run *run, uint32_t lines, uint64_t content)
{
    *run = (struct run){.words = heap_pool_take(lines), .lines = lines, .content = content};
    assert_non_null(run->words);
    assert_int_equal((uintptr_t)run->words % 64, 0);
    assert_true(consists_of(run, 0));
    for (uint32_t i = 0; i < lines * 8; i++)
        run->words[i] = content;
}

static void give(struct run *run)
{
    assert_true(consists_of(run, run->content));
    heap_pool_give(run->words, run->lines);
    run->words = NULL;
}

static void what_is_taken_is_zero_and_nobody_elses(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (uint64_t n = 0; n < OPERATIONS; n++) {
        struct run *run = &runs[random_next(&seed) % RUNS];

        if (run->words == NULL)
            take(run, 1 + (uint32_t)(random_next(&seed) % (n % 100 == 0 ? 2048 : 60)), WORD + n);
        else
            give(run);
    }
    for (unsigned i = 0; i < RUNS; i++)
        if (runs[i].words != NULL)
            give(&runs[i]);
}

static void small_runs_that_are_given_back_become_large_ones(void **state)
{
    uint64_t used;

    (void)state;
    for (unsigned i = 0; i < RUNS; i++)
        take(&runs[i], 4, WORD);
    used = memory_used();
    for (unsigned i = 0; i < RUNS; i += 2)
        give(&runs[i]);
    for (unsigned i = 1; i < RUNS; i += 2)
        give(&runs[i]);
    for (unsigned i = 0; i < RUNS / 50; i++)
        take(&runs[i], 200, WORD);
    assert_int_equal(memory_used(), used);
    for (unsigned i = 0; i < RUNS / 50; i++)
        give(&runs[i]);
}

static void words_of_a_neighbour_are_never_taken_for_free_memory(void **state)
{
    static const uint64_t words[] = {0, 1ull << 51, 1ull << 48, ~0ull, WORD};

    (void)state;
    for (unsigned i = 0; i < RUNS; i++)
        take(&runs[i], 1 + i % 3, words[i % ARRAY_LEN(words)]);
    for (unsigned i = 0; i < RUNS; i += 2)
        give(&runs[i]);
    for (unsigned i = 0; i < RUNS; i += 2)
        take(&runs[i], 2, WORD);
    for (unsigned i = 0; i < RUNS; i++)
        give(&runs[i]);
}

static void without_memory_nothing_is_taken_and_later_all_again(void **state)
{
    (void)state;
    memory_set_cap(1);
    assert_null(heap_pool_take(1u << 15));
    memory_set_cap(0);
    take(&runs[0], 1u << 15, WORD);
    give(&runs[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_runs_that_are_given_back_become_large_ones),
        cmocka_unit_test(what_is_taken_is_zero_and_nobody_elses),
        cmocka_unit_test(words_of_a_neighbour_are_never_taken_for_free_memory),
        cmocka_unit_test(without_memory_nothing_is_taken_and_later_all_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
