/* The table of live heap blocks, held against a plain model. The program has one thread: what needs more is in the other file,
   test_heap_table_threads.c. */
#include "../support/heap_totals.h"
#include "../support/unit.h"

#include "store/heap_table.h"
#include "store/site_table.h"

#include <string.h>

#define SIZE_MAX_OF_BLOCK ((1ull << 48) - 1)
#define LAST_ADDR ((1ul << 47) - 8)
#define OPERATIONS 1000000
#define MODEL_BLOCKS 20000

static void a_block_comes_back_as_it_was_added(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     4095,
                                     (1 << 22) - 2,
                                     (1 << 22) - 1,
                                     1 << 22,
                                     (8 << 20) - 1,
                                     8 << 20,
                                     (8 << 20) + 1,
                                     (1ull << 38) + 1,
                                     SIZE_MAX_OF_BLOCK - 1,
                                     SIZE_MAX_OF_BLOCK};
    static const uintptr_t addrs[] = {8, 16, 0xfff0, 0xfff8, 0x10000, 0x10008, 0x5555deadbee8, 0x7fffffffff00, LAST_ADDR};
    static const uint32_t sites[] = {1, 12345, SITE_ID_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < ARRAY_LEN(addrs); j++)
            for (size_t k = 0; k < ARRAY_LEN(sites); k++) {
                assert_int_equal(heap_table_add(addrs[j], sizes[i], sites[k]), HEAP_PUT_NEW);
                assert_totals((struct heap_totals){1, sizes[i], 1, sites[k]});
                assert_taken(addrs[j], sizes[i], sites[k], true);
            }
    assert_totals((struct heap_totals){0});
}

static void taking_an_unknown_block_says_so_and_changes_nothing(void **state)
{
    struct heap_block block;

    (void)state;
    assert_int_equal(heap_table_add(4096, 10, 1), HEAP_PUT_NEW);
    assert_false(heap_table_take(4104, &block));
    assert_false(heap_table_take(0x333300000000, &block));
    assert_totals((struct heap_totals){1, 10, 1, 1});
    assert_taken(4096, 10, 1, true);
    assert_false(heap_table_take(4096, &block));
}

static void a_block_that_is_gone_is_known_to_be(void **state)
{
    struct heap_block block;

    (void)state;
    assert_false(heap_table_may_have(4096));
    assert_int_equal(heap_table_add(4096, 10, 1), HEAP_PUT_NEW);
    assert_true(heap_table_may_have(4096));
    assert_true(heap_table_take(4096, &block));
    assert_false(heap_table_may_have(4096));
}

static void an_address_that_no_allocator_gives_is_refused(void **state)
{
    static const uintptr_t addrs[] = {1, 4, 4095, 0x55550000000c, LAST_ADDR + 8, (1ul << 48) - 8, 1ul << 48, -8ul};
    struct heap_block block;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
        assert_int_equal(heap_table_add(addrs[i], 10, 1), HEAP_PUT_NO_MEMORY);
        assert_false(heap_table_take(addrs[i], &block));
    }
    assert_totals((struct heap_totals){0});
}

static void what_lies_inside_a_long_block_is_no_block(void **state)
{
    struct heap_block block;

    (void)state;
    for (uintptr_t addr = 0x7f0000000000; addr < 0x7f0000010000; addr += 8) {
        assert_int_equal(heap_table_add(addr, 1ull << 30, 1), HEAP_PUT_NEW);
        assert_false(heap_table_take(addr + 8, &block));
        assert_false(heap_table_take(addr + 16, &block));
        assert_taken(addr, 1ull << 30, 1, true);
    }
    assert_totals((struct heap_totals){0});
}

static void a_block_that_was_never_seen_released_is_replaced(void **state)
{
    static const uint64_t sizes[] = {10, 20, 1ull << 30, 1ull << 31};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < ARRAY_LEN(sizes); j++) {
            assert_int_equal(heap_table_add(4096, sizes[i], 1), HEAP_PUT_NEW);
            assert_int_equal(heap_table_add(4096, sizes[j], 2), HEAP_PUT_REPLACED);
            assert_totals((struct heap_totals){1, sizes[j], 1, 2});
            assert_taken(4096, sizes[j], 2, true);
            assert_totals((struct heap_totals){0});
        }
}

static void blocks_from_before_the_mark_are_old_and_those_put_back_keep_their_age(void **state)
{
    struct heap_block old, young;

    (void)state;
    for (int round = 0; round < 15; round++) {
        assert_int_equal(heap_table_add(16, 1, 1), HEAP_PUT_NEW);
        heap_table_mark();
        assert_int_equal(heap_table_add(32, 1ull << 40, 1), HEAP_PUT_NEW);
        assert_true(heap_table_take(16, &old));
        assert_true(heap_table_take(32, &young));
        assert_false(old.after_mark);
        assert_true(young.after_mark);
        assert_int_equal(heap_table_put_back(&old), HEAP_PUT_NEW);
        assert_int_equal(heap_table_put_back(&young), HEAP_PUT_NEW);
        assert_totals((struct heap_totals){2, 1 + (1ull << 40), 1, 2});
        heap_table_mark();
        assert_totals((struct heap_totals){2, 1 + (1ull << 40), 0, 2});
        assert_taken(16, 1, 1, false);
        assert_taken(32, 1ull << 40, 1, false);
    }
}

static void a_block_stays_old_however_many_marks_come(void **state)
{
    uint64_t n = 0;

    (void)state;
    for (int marks = 0; marks < 20; marks++) {
        assert_totals((struct heap_totals){n, n, marks == 0 ? 0 : 100, n});
        heap_table_mark();
        assert_totals((struct heap_totals){n, n, 0, n});
        for (int i = 0; i < 100; i++)
            assert_int_equal(heap_table_add(0x10000 + n++ * 48, 1, 1), HEAP_PUT_NEW);
    }
    while (n-- > 0)
        assert_taken(0x10000 + n * 48, 1, 1, n >= 1900);
}

/* --- the model ---------------------------------------------------------------------------------------------------- */

struct model_block {
    bool live;
    struct heap_block block;
};

static struct model_block model[MODEL_BLOCKS];

/* Thirds of the blocks lie 8, 16 and 32 bytes apart; the last few where the kernel maps large blocks. */
static uintptr_t model_addr(uint64_t i)
{
    static const uintptr_t bases[] = {0x555500000000, 0x7f1200000000, 0x7f3300007000};

    if (i >= MODEL_BLOCKS - 64)
        return 0x100000000010 + i * (1ul << 30);
    return bases[i % 3] + i / 3 * (8ul << i % 3);
}

/* One in eight may be long: real ones do not lie so close. */
static uint64_t random_size(uint64_t *seed)
{
    unsigned bits = random_next(seed) % 8 == 0 ? 49 : 23;

    return random_next(seed) & ((1ull << random_next(seed) % bits) - 1);
}

static void model_add(struct model_block *entry, uintptr_t addr, uint64_t *seed)
{
    uint64_t size = random_size(seed);
    uint32_t site = 1 + (uint32_t)(random_next(seed) % SITE_ID_MAX);
    enum heap_put put = heap_table_add(addr, size, site);

    assert_int_equal(put, entry->live ? HEAP_PUT_REPLACED : HEAP_PUT_NEW);
    *entry = (struct model_block){.live = true, .block = {.addr = addr, .size = size, .site = site, .after_mark = true}};
}

static void model_take(struct model_block *entry, uintptr_t addr, bool put_back)
{
    struct heap_block block;
    bool known = heap_table_take(addr, &block);

    assert_int_equal(known, entry->live);
    if (!known)
        return;
    assert_int_equal(block.addr, entry->block.addr);
    assert_int_equal(block.size, entry->block.size);
    assert_int_equal(block.site, entry->block.site);
    assert_int_equal(block.after_mark, entry->block.after_mark);
    entry->live = put_back;
    if (put_back)
        assert_int_equal(heap_table_put_back(&block), HEAP_PUT_NEW);
}

static void model_mark(void)
{
    heap_table_mark();
    for (size_t i = 0; i < MODEL_BLOCKS; i++)
        model[i].block.after_mark = false;
}

static struct heap_totals model_totals(void)
{
    struct heap_totals totals = {0};

    for (size_t i = 0; i < MODEL_BLOCKS; i++)
        if (model[i].live)
            add_up(&model[i].block, &totals);
    return totals;
}

static void a_million_random_operations_agree_with_a_plain_model(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned n = 0; n < OPERATIONS; n++) {
        uint64_t i = random_next(&seed) % MODEL_BLOCKS;
        unsigned what = (unsigned)(random_next(&seed) % 100);
        /* The table fills and empties by turns. */
        unsigned adds = n / (OPERATIONS / 8) % 2 == 0 ? 70 : 25;

        if (what < adds)
            model_add(&model[i], model_addr(i), &seed);
        else
            model_take(&model[i], model_addr(i), what > 90);
        if (random_next(&seed) % 20000 == 0)
            model_mark();
        if (n % (OPERATIONS / 20) == 0)
            assert_totals(model_totals());
    }
    assert_totals(model_totals());
    for (uint64_t i = 0; i < MODEL_BLOCKS; i++)
        model_take(&model[i], model_addr(i), false);
    assert_totals((struct heap_totals){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_comes_back_as_it_was_added),
        cmocka_unit_test(taking_an_unknown_block_says_so_and_changes_nothing),
        cmocka_unit_test(a_block_that_is_gone_is_known_to_be),
        cmocka_unit_test(an_address_that_no_allocator_gives_is_refused),
        cmocka_unit_test(what_lies_inside_a_long_block_is_no_block),
        cmocka_unit_test(a_block_that_was_never_seen_released_is_replaced),
        cmocka_unit_test(blocks_from_before_the_mark_are_old_and_those_put_back_keep_their_age),
        cmocka_unit_test(a_block_stays_old_however_many_marks_come),
        cmocka_unit_test(a_million_random_operations_agree_with_a_plain_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
