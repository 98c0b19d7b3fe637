/* Looking at a region while its table is replaced: the region here is the test's own, so that this is all that happens. */
#include "../support/unit.h"

#include "store/heap_region.h"
#include "store/site_table.h"

#include <pthread.h>
#include <unistd.h>

#define LINES 128u
#define WORDS (LINES * HEAP_LINE_WORDS)
#define REPLACEMENTS 20000
#define ROUNDS 300
#define SITE_OF_ANOTHER_REGION SITE_ID_MAX

static uint64_t tables[2][WORDS] __attribute__((aligned(64)));
static uint64_t entry;
static uint32_t rebuilds;
static const struct heap_region region = {.entry = &entry, .rebuilds = &rebuilds};

static uint64_t table_of(unsigned which)
{
    return (uint64_t)LINES << HEAP_LINES_SHIFT | (uint64_t)tables[which];
}

/* The n-th word of the table when it was replaced for the `site`-th time. */
static uint64_t word_of(unsigned n, uint32_t site)
{
    return heap_word_block(n * 8, HEAP_TAG_LAST, 10, site);
}

static void fill(unsigned which, uint32_t site)
{
    for (unsigned i = 0; i < WORDS; i++)
        heap_word_store(&tables[which][i], word_of(i, site));
}

static void set_up(void)
{
    fill(0, 1);
    entry = table_of(0);
    rebuilds = 0;
}

static void begin_to_replace(void)
{
    __atomic_exchange_n(&rebuilds, rebuilds | 1, __ATOMIC_SEQ_CST);
}

static void replace_by(unsigned which)
{
    __atomic_store_n(&entry, table_of(which), __ATOMIC_RELEASE);
    __atomic_store_n(&rebuilds, rebuilds + 1, __ATOMIC_RELEASE);
}

/* Each table has words of its own, and the one that was replaced is another region's at once. */
static void *replace_and_use_again(void *argument)
{
    for (uint32_t n = 1; n <= REPLACEMENTS; n++) {
        begin_to_replace();
        fill(n % 2, n + 1);
        replace_by(n % 2);
        fill((n + 1) % 2, SITE_OF_ANOTHER_REGION);
    }
    return argument;
}

static void a_copy_is_of_one_table_while_it_was_the_regions(void **state)
{
    static uint64_t copy[WORDS] __attribute__((aligned(64)));
    pthread_t thread;

    (void)state;
    set_up();
    assert_int_equal(pthread_create(&thread, NULL, replace_and_use_again, NULL), 0);
    while (__atomic_load_n(&rebuilds, __ATOMIC_ACQUIRE) < 2 * REPLACEMENTS) {
        uint64_t table = heap_region_copy(&region, copy);
        uint32_t site = (uint32_t)copy[0] & SITE_OF_ANOTHER_REGION;

        assert_int_equal(heap_region_lines(table), LINES);
        assert_ptr_equal(heap_region_words(table), copy);
        assert_int_not_equal(site, SITE_OF_ANOTHER_REGION);
        for (unsigned i = 0; i < WORDS; i++)
            assert_int_equal(copy[i], word_of(i, site));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Replaces the table a few times by one that has the same words. */
static void *replace_by_copies(void *argument)
{
    for (unsigned n = 1; n <= 8; n++) {
        begin_to_replace();
        for (unsigned i = 0; i < WORDS; i++)
            heap_word_store(&tables[n % 2][i], __atomic_load_n(&tables[(n + 1) % 2][i], __ATOMIC_SEQ_CST));
        replace_by(n % 2);
    }
    return argument;
}

static void what_was_made_old_stays_old_in_the_next_table(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t thread;

        set_up();
        assert_int_equal(pthread_create(&thread, NULL, replace_by_copies, NULL), 0);
        while (__atomic_load_n(&rebuilds, __ATOMIC_ACQUIRE) == 0)
            ;
        heap_region_make_old(&region, HEAP_TAG_FIRST);
        assert_int_equal(pthread_join(thread, NULL), 0);
        for (unsigned i = 0; i < WORDS; i++)
            assert_int_equal(heap_region_words(entry)[i], heap_word_old(word_of(i, 1)));
    }
}

static void *replace_after_a_while(void *argument)
{
    usleep(20000);
    replace_by(1);
    return argument;
}

static void words_that_were_copied_before_are_made_old_when_the_new_table_is_there(void **state)
{
    pthread_t thread;

    (void)state;
    set_up();
    begin_to_replace();
    fill(1, 1);
    assert_int_equal(pthread_create(&thread, NULL, replace_after_a_while, NULL), 0);
    heap_region_make_old(&region, HEAP_TAG_FIRST);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (unsigned i = 0; i < WORDS; i++)
        assert_int_equal(tables[1][i], heap_word_old(word_of(i, 1)));
}

static void only_words_of_other_tags_are_made_old(void **state)
{
    (void)state;
    set_up();
    tables[0][1] = heap_word_block(8, HEAP_TAG_FIRST, 10, 1);
    tables[0][2] = heap_word_size_of(16, 1ul << 40);
    tables[0][3] = HEAP_WORD_FREED;
    tables[0][4] = 0;
    heap_region_make_old(&region, HEAP_TAG_FIRST);
    assert_int_equal(tables[0][0], heap_word_old(word_of(0, 1)));
    assert_int_equal(tables[0][1], heap_word_block(8, HEAP_TAG_FIRST, 10, 1));
    assert_int_equal(tables[0][2], heap_word_size_of(16, 1ul << 40));
    assert_int_equal(tables[0][3], HEAP_WORD_FREED);
    assert_int_equal(tables[0][4], 0);
    assert_int_equal(tables[0][5], heap_word_old(word_of(5, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_of_one_table_while_it_was_the_regions),
        cmocka_unit_test(what_was_made_old_stays_old_in_the_next_table),
        cmocka_unit_test(words_that_were_copied_before_are_made_old_when_the_new_table_is_there),
        cmocka_unit_test(only_words_of_other_tags_are_made_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
