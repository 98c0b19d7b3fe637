/* The memory of the table of live heap blocks: how little it is, and what happens without. */
#include "../support/heap_totals.h"
#include "../support/unit.h"

#include "base/memory.h"
#include "store/heap_table.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPERATIONS 1000000
#define MILLION 1000000

/* A million blocks at this distance, or at random ones; whether they take at most 16 bytes each. */
static bool take_little_memory(uintptr_t distance)
{
    uint64_t before = memory_used();
    uint64_t seed = 5;
    uintptr_t addr = 0x7e0000000000;

    for (unsigned i = 0; i < MILLION; i++) {
        if (heap_table_add(addr, 1, 1) != HEAP_PUT_NEW)
            return false;
        addr += distance != 0 ? distance : 32 + random_next(&seed) % 32 * 16;
    }
    return visit().blocks == MILLION && memory_used() - before <= 16ull * MILLION;
}

/* Each in a process of its own, so that none uses another's memory. */
static void a_million_blocks_take_at_most_16_bytes_each(void **state)
{
    static const uintptr_t distances[] = {0, 8, 16, 24, 32, 48, 80, 112, 144, 280, 512};
    int status;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(distances); i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(take_little_memory(distances[i]) ? 0 : 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
            fail_msg("at a distance of %lu", distances[i]);
    }
}

static void blocks_at_any_distance_are_found_again(void **state)
{
    static const uintptr_t distances[] = {8, 16, 48, 712, 1152, 4096, 65536, 65544, 1ul << 20, 1ul << 27};
    uint64_t n = 100000;

    (void)state;
    for (size_t d = 0; d < ARRAY_LEN(distances); d++) {
        for (uint64_t i = 1; i <= n; i++)
            assert_int_equal(heap_table_add(distances[d] * i, i, 1), HEAP_PUT_NEW);
        assert_int_equal(visit().blocks, n);
        for (uint64_t i = n; i >= 1; i--)
            assert_taken(distances[d] * i, i, 1, true);
    }
}

static void a_region_holds_a_block_at_each_of_its_places(void **state)
{
    uintptr_t first = 0x444400000000;

    (void)state;
    for (uintptr_t addr = first; addr < first + 65536; addr += 8)
        assert_int_equal(heap_table_add(addr, addr - first, 1), HEAP_PUT_NEW);
    for (uintptr_t addr = first; addr < first + 65536; addr += 8)
        assert_taken(addr, addr - first, 1, true);
    assert_totals((struct heap_totals){0});
}

static void a_small_live_set_never_fills_the_table_with_removed_words(void **state)
{
    uint64_t seed = 3;
    uint64_t before = 0;

    (void)state;
    for (uintptr_t i = 1; i <= 1000; i++)
        assert_int_equal(heap_table_add(i * 16, 1, 1), HEAP_PUT_NEW);
    for (unsigned n = 0; n < OPERATIONS; n++) {
        uintptr_t addr = 0x10000000 + random_next(&seed) % (1ul << 20) * 16;

        assert_int_equal(heap_table_add(addr, 2, 1), HEAP_PUT_NEW);
        assert_taken(addr, 2, 1, true);
        if (n == OPERATIONS / 4)
            before = memory_used();
    }
    assert_true(memory_used() <= before);
    for (uintptr_t i = 1; i <= 1000; i++)
        assert_taken(i * 16, 1, 1, true);
}

static void what_is_freed_is_used_again(void **state)
{
    uint64_t seed = 11;
    uint64_t before = 0;

    (void)state;
    for (int round = 0; round < 12; round++) {
        uintptr_t base = 0x200000000000 + (random_next(&seed) % 4 << 20);
        uintptr_t distance = 16 << random_next(&seed) % 6;

        for (uintptr_t i = 0; i < 20000; i++)
            heap_table_add(base + i * distance, i, 1);
        for (uintptr_t i = 0; i < 20000; i++)
            assert_taken(base + i * distance, i, 1, true);
        if (round == 5)
            before = memory_used();
    }
    assert_true(memory_used() <= before + (1 << 20));
}

static void past_the_cap_blocks_are_refused_and_later_taken_again(void **state)
{
    uint64_t accepted = 0, refused = 0, total = 0;
    struct heap_block block;

    (void)state;
    memory_set_cap(memory_used() + 256 * 1024);
    for (uintptr_t i = 1; i <= 500000; i++) {
        enum heap_put put = heap_table_add(i * 16, i, 1);

        assert_true(put == HEAP_PUT_NEW || put == HEAP_PUT_NO_MEMORY);
        accepted += put == HEAP_PUT_NEW;
        total += put == HEAP_PUT_NEW ? i : 0;
        refused += put == HEAP_PUT_NO_MEMORY;
    }
    assert_true(accepted > 1000);
    assert_true(refused > 1000);
    assert_totals((struct heap_totals){accepted, total, accepted, accepted});
    for (uintptr_t i = 1; i <= 500000; i++)
        if (heap_table_take(i * 16, &block)) {
            assert_int_equal(block.size, i);
            accepted--;
        }
    assert_int_equal(accepted, 0);
    /* With the cap still there: what fitted before fits again. */
    for (uintptr_t i = 1; i <= 1000; i++)
        assert_int_equal(heap_table_add(i * 16, i, 1), HEAP_PUT_NEW);
    memory_set_cap(0);
    for (uintptr_t i = 1001; i <= 500000; i++)
        assert_int_equal(heap_table_add(i * 16, i, 1), HEAP_PUT_NEW);
    for (uintptr_t i = 1; i <= 500000; i++)
        assert_taken(i * 16, i, 1, true);
}

static void a_block_is_replaced_also_when_there_is_no_memory(void **state)
{
    uint64_t n = 0;
    struct heap_block block;

    (void)state;
    memory_set_cap(1);
    for (uintptr_t i = 1; i <= 1000000; i++)
        n += heap_table_add(i * 16, 1, 1) == HEAP_PUT_NEW;
    assert_int_equal(visit().blocks, n);
    for (uintptr_t i = 1; i <= 1000000; i++) {
        enum heap_put put = heap_table_add(i * 16, 2, 2);

        assert_true(put == HEAP_PUT_REPLACED || put == HEAP_PUT_NO_MEMORY);
    }
    assert_totals((struct heap_totals){n, 2 * n, n, 2 * n});
    memory_set_cap(0);
    for (uintptr_t i = 1; i <= 1000000; i++)
        n -= heap_table_take(i * 16, &block);
    assert_int_equal(n, 0);
}

static void a_long_block_without_memory_leaves_nothing_behind(void **state)
{
    struct heap_block block;
    uint64_t n = 0;

    (void)state;
    memory_set_cap(1);
    for (uintptr_t addr = 0x666600000000; addr < 0x666600010000; addr += 8)
        n += heap_table_add(addr, 1ull << 33, 1) == HEAP_PUT_NEW;
    assert_totals((struct heap_totals){n, n << 33, n, n});
    memory_set_cap(0);
    for (uintptr_t addr = 0x666600000000; addr < 0x666600010000; addr += 8)
        if (heap_table_take(addr, &block)) {
            assert_int_equal(block.size, 1ull << 33);
            n--;
        }
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_blocks_take_at_most_16_bytes_each),
        cmocka_unit_test(blocks_at_any_distance_are_found_again),
        cmocka_unit_test(a_region_holds_a_block_at_each_of_its_places),
        cmocka_unit_test(a_small_live_set_never_fills_the_table_with_removed_words),
        cmocka_unit_test(what_is_freed_is_used_again),
        cmocka_unit_test(past_the_cap_blocks_are_refused_and_later_taken_again),
        cmocka_unit_test(a_block_is_replaced_also_when_there_is_no_memory),
        cmocka_unit_test(a_long_block_without_memory_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
