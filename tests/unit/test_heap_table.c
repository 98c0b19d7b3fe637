/* The table of live heap blocks, held against a plain model. */
#include "../support/unit.h"

#include "base/memory.h"
#include "store/heap_table.h"
#include "store/site_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE_MAX_OF_BLOCK ((1ull << 50) - 1)
#define OPERATIONS 1000000
#define MODEL_BLOCKS 20000
#define THREADS 4
#define BLOCKS_OF_THREAD 20000

struct totals {
    uint64_t blocks;
    uint64_t bytes;
    uint64_t young_blocks;
    uint64_t sites;
};

static void add_up(const struct heap_block *block, void *context)
{
    struct totals *totals = context;

    totals->blocks++;
    totals->bytes += block->size;
    totals->young_blocks += block->after_mark;
    totals->sites += block->site;
}

static struct totals visit(void)
{
    struct totals totals = {0};

    assert_true(heap_table_visit(add_up, &totals) >= 0);
    return totals;
}

static void assert_totals(struct totals expected)
{
    struct totals totals = visit();

    assert_int_equal(totals.blocks, expected.blocks);
    assert_int_equal(totals.bytes, expected.bytes);
    assert_int_equal(totals.young_blocks, expected.young_blocks);
    assert_int_equal(totals.sites, expected.sites);
}

static void assert_taken(uintptr_t addr, uint64_t size, uint32_t site, bool after_mark)
{
    struct heap_block block;

    memset(&block, 0xa5, sizeof(block));
    assert_true(heap_table_take(addr, &block));
    assert_int_equal(block.addr, addr);
    assert_int_equal(block.size, size);
    assert_int_equal(block.site, site);
    assert_int_equal(block.after_mark, after_mark);
}

static void a_block_comes_back_as_it_was_added(void **state)
{
    static const uint64_t sizes[] = {0, 1, 4095, (1ull << 38) - 1, 1ull << 38, (1ull << 38) + 1, SIZE_MAX_OF_BLOCK - 1, SIZE_MAX_OF_BLOCK};
    static const uintptr_t addrs[] = {1, 8, 16, 0x5555deadbeef, 0x7fffffffff00, (1ul << 48) - 1};
    static const uint32_t sites[] = {1, 12345, SITE_ID_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < ARRAY_LEN(addrs); j++)
            for (size_t k = 0; k < ARRAY_LEN(sites); k++) {
                assert_int_equal(heap_table_add(addrs[j], sizes[i], sites[k]), HEAP_PUT_NEW);
                assert_taken(addrs[j], sizes[i], sites[k], true);
            }
    assert_totals((struct totals){0});
}

static void taking_an_unknown_block_says_so_and_changes_nothing(void **state)
{
    struct heap_block block;

    (void)state;
    assert_int_equal(heap_table_add(4096, 10, 1), HEAP_PUT_NEW);
    assert_false(heap_table_take(4104, &block));
    assert_totals((struct totals){1, 10, 1, 1});
    assert_taken(4096, 10, 1, true);
    assert_false(heap_table_take(4096, &block));
}

static void a_block_that_was_never_seen_released_is_replaced(void **state)
{
    (void)state;
    assert_int_equal(heap_table_add(4096, 10, 1), HEAP_PUT_NEW);
    assert_int_equal(heap_table_add(4096, 20, 2), HEAP_PUT_REPLACED);
    assert_totals((struct totals){1, 20, 1, 2});
    assert_taken(4096, 20, 2, true);
}

static void blocks_from_before_the_mark_are_old_and_those_put_back_keep_their_age(void **state)
{
    struct heap_block old, young;

    (void)state;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(heap_table_add(16, 1, 1), HEAP_PUT_NEW);
        heap_table_mark();
        assert_int_equal(heap_table_add(32, 2, 1), HEAP_PUT_NEW);
        assert_true(heap_table_take(16, &old));
        assert_true(heap_table_take(32, &young));
        assert_false(old.after_mark);
        assert_true(young.after_mark);
        assert_int_equal(heap_table_put_back(&old), HEAP_PUT_NEW);
        assert_int_equal(heap_table_put_back(&young), HEAP_PUT_NEW);
        assert_totals((struct totals){2, 3, 1, 2});
        heap_table_mark();
        assert_totals((struct totals){2, 3, 0, 2});
        assert_taken(16, 1, 1, false);
        assert_taken(32, 2, 1, false);
    }
}

/* --- the model ---------------------------------------------------------------------------------------------------- */

struct model_block {
    bool live;
    struct heap_block block;
};

static struct model_block model[MODEL_BLOCKS];

/* Halves of the blocks lie 8 and 16 bytes apart; the last few where the kernel maps large blocks. */
static uintptr_t model_addr(uint64_t i)
{
    if (i >= MODEL_BLOCKS - 64)
        return 0x7f0000000010 + i * (1ul << 30);
    return i % 2 == 0 ? 0x555500000000 + i * 8 : 0x7f1200000000 + i * 16;
}

static uint64_t random_size(uint64_t *seed)
{
    return random_next(seed) & ((1ull << random_next(seed) % 51) - 1);
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

static struct totals model_totals(void)
{
    struct totals totals = {0};

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
    assert_totals((struct totals){0});
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static void blocks_at_regular_distances_are_spread_over_the_table(void **state)
{
    static const uintptr_t distances[] = {8, 16, 48, 4096, 1ul << 20, 1ul << 27};
    uint64_t n = 200000;

    (void)state;
    for (size_t d = 0; d < ARRAY_LEN(distances); d++) {
        uint64_t before = memory_used();

        for (uint64_t i = 1; i <= n; i++)
            assert_int_equal(heap_table_add(distances[d] * i, i, 1), HEAP_PUT_NEW);
        /* At most 3/4 and at least 3/8 of the slots of 16 bytes are used where all shards grow alike. */
        assert_true(memory_used() - before <= n * 64);
        assert_int_equal(visit().blocks, n);
        for (uint64_t i = n; i >= 1; i--)
            assert_taken(distances[d] * i, i, 1, true);
    }
}

static void a_small_live_set_never_fills_the_table_with_removed_slots(void **state)
{
    uint64_t seed = 3;
    uint64_t before;

    (void)state;
    for (uintptr_t i = 1; i <= 1000; i++)
        assert_int_equal(heap_table_add(i * 16, 1, 1), HEAP_PUT_NEW);
    before = memory_used();
    for (unsigned n = 0; n < OPERATIONS; n++) {
        uintptr_t addr = 0x10000000 + random_next(&seed) % (1ul << 40) * 16;

        assert_int_equal(heap_table_add(addr, 2, 1), HEAP_PUT_NEW);
        assert_taken(addr, 2, 1, true);
    }
    assert_true(memory_used() <= before);
    for (uintptr_t i = 1; i <= 1000; i++)
        assert_taken(i * 16, 1, 1, true);
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
    assert_totals((struct totals){accepted, total, accepted, accepted});
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
    assert_totals((struct totals){n, 2 * n, n, 2 * n});
    memory_set_cap(0);
    for (uintptr_t i = 1; i <= 1000000; i++)
        n -= heap_table_take(i * 16, &block);
    assert_int_equal(n, 0);
}

/* --- threads and fork --------------------------------------------------------------------------------------------- */

static void *add_and_take(void *argument)
{
    uintptr_t first = (uintptr_t)argument;
    struct heap_block block;

    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < BLOCKS_OF_THREAD; i++)
            if (heap_table_add((first + i * THREADS) * 16, first, 1) != HEAP_PUT_NEW)
                return "a block was there already";
        for (uintptr_t i = round < 2 ? 0 : 1; i < BLOCKS_OF_THREAD; i += round < 2 ? 1 : 2)
            if (!heap_table_take((first + i * THREADS) * 16, &block) || block.size != first)
                return "a block was lost";
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[THREADS];
    uint64_t bytes = 0;

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_take, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < 20; i++) {
        visit();
        heap_table_mark();
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *complaint;

        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        assert_null(complaint);
        bytes += (i + 1) * BLOCKS_OF_THREAD / 2;
    }
    assert_int_equal(visit().blocks, THREADS * BLOCKS_OF_THREAD / 2);
    assert_int_equal(visit().bytes, bytes);
}

/* Forks while the shard of `block` is locked; the child must be able to use that very shard. */
static void fork_inside(const struct heap_block *block, void *context)
{
    pid_t *child = context;
    struct heap_block taken;

    if (*child != 0)
        return;
    *child = fork();
    if (*child != 0)
        return;
    heap_table_after_fork();
    alarm(60);
    _exit(heap_table_take(block->addr, &taken) && heap_table_add(block->addr, 1, 1) == HEAP_PUT_NEW ? 0 : 1);
}

static void a_child_forked_while_a_shard_is_locked_can_use_it(void **state)
{
    pid_t child = 0;
    int status;

    (void)state;
    heap_table_add(16, 1, 1);
    heap_table_visit(fork_inside, &child);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_comes_back_as_it_was_added),
        cmocka_unit_test(taking_an_unknown_block_says_so_and_changes_nothing),
        cmocka_unit_test(a_block_that_was_never_seen_released_is_replaced),
        cmocka_unit_test(blocks_from_before_the_mark_are_old_and_those_put_back_keep_their_age),
        cmocka_unit_test(a_million_random_operations_agree_with_a_plain_model),
        cmocka_unit_test(blocks_at_regular_distances_are_spread_over_the_table),
        cmocka_unit_test(a_small_live_set_never_fills_the_table_with_removed_slots),
        cmocka_unit_test(past_the_cap_blocks_are_refused_and_later_taken_again),
        cmocka_unit_test(a_block_is_replaced_also_when_there_is_no_memory),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(a_child_forked_while_a_shard_is_locked_can_use_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
