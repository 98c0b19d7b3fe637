/* The table of live heap blocks, visited, marked and forked while other threads use it. */
#include "../support/unit.h"

#include "store/heap_table.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 12

/* In each region is one block that stays, every tenth a long one. Around it blocks come, until the region's table has been
   replaced several times, and go. Each round has regions of its own, whose tables are small at first. */
#define REGIONS 300
#define PASSES 60
#define STAYING_SITE 1
#define COMING_SITE 2
#define LONG_SIZE (8ull << 20)

static uintptr_t base = 0x7e0000000000;

static void next_round(void)
{
    base += 1ul << 28;
}

static uintptr_t staying_addr(uint64_t region)
{
    return base + (region << 16) + region % 100 * 8;
}

static uint64_t staying_size(uint64_t region)
{
    return region % 10 == 0 ? LONG_SIZE + region : region;
}

static uintptr_t coming_addr(uint64_t region, uint64_t pass, uint64_t thread)
{
    return base + (region << 16) + 0x1000 + (pass * (THREADS + 1) + thread) * 24;
}

static uint64_t coming_size(uintptr_t addr)
{
    return addr / 8 % 16 == 0 ? LONG_SIZE + addr % 4096 : addr % 4096;
}

struct seen {
    unsigned times[REGIONS];
    unsigned wrong;
    unsigned young;
    unsigned strangers;
};

static void look(const struct heap_block *block, void *context)
{
    struct seen *seen = context;
    uint64_t region = (block->addr - base) >> 16;

    if (region < REGIONS && block->addr == staying_addr(region)) {
        seen->times[region]++;
        seen->wrong += block->size != staying_size(region) || block->site != STAYING_SITE;
        seen->young += block->after_mark;
    } else if (region >= REGIONS || block->site != COMING_SITE || block->size != coming_size(block->addr)) {
        seen->strangers++;
    }
}

/* Visits once, and complains if a block that stays was not seen exactly once and exactly as it is. */
static const char *visit_complaint(bool young)
{
    struct seen seen = {0};
    const char *complaint = NULL;

    heap_table_visit(look, &seen);
    for (unsigned i = 0; i < REGIONS; i++)
        if (seen.times[i] != 1)
            complaint = seen.times[i] == 0 ? "a block was not seen" : "a block was seen twice";
    if (seen.wrong != 0)
        complaint = "a size or site was wrong";
    if (seen.strangers != 0)
        complaint = "there was a block that nobody had added";
    if (seen.young != (young ? REGIONS : 0))
        complaint = "an age was wrong";
    return complaint;
}

static bool add_staying(void)
{
    for (uint64_t i = 0; i < REGIONS; i++)
        if (heap_table_add(staying_addr(i), staying_size(i), STAYING_SITE) != HEAP_PUT_NEW)
            return false;
    return true;
}

static bool take_staying(void)
{
    struct heap_block block;

    for (uint64_t i = 0; i < REGIONS; i++)
        if (!heap_table_take(staying_addr(i), &block) || block.size != staying_size(i) || block.site != STAYING_SITE)
            return false;
    return true;
}

static const char *come_and_go(uint64_t thread)
{
    struct heap_block block;

    for (uint64_t pass = 0; pass < PASSES; pass++)
        for (uint64_t i = 0; i < REGIONS; i++) {
            uintptr_t addr = coming_addr(i, pass, thread);

            if (heap_table_add(addr, coming_size(addr), COMING_SITE) != HEAP_PUT_NEW)
                return "a block was there already, or could not be added";
        }
    for (uint64_t pass = 0; pass < PASSES; pass++)
        for (uint64_t i = 0; i < REGIONS; i++)
            if (!heap_table_take(coming_addr(i, pass, thread), &block) || block.size != coming_size(block.addr))
                return "a block was lost";
    return NULL;
}

static int running;

static void *come_and_go_in_thread(void *argument)
{
    const char *complaint = come_and_go((uintptr_t)argument);

    __atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
    return (void *)complaint;
}

static bool is_running(void)
{
    return __atomic_load_n(&running, __ATOMIC_ACQUIRE) != 0;
}

static void start_threads(pthread_t *threads, void *(*routine)(void *))
{
    running = THREADS;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, routine, (void *)i), 0);
}

static void join_threads(pthread_t *threads)
{
    for (unsigned i = 0; i < THREADS; i++) {
        void *complaint;

        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        assert_ptr_equal(complaint, NULL);
    }
}

/* --- one thread that records, and leaktrace's own ----------------------------------------------------------------- */

static void *visit_and_mark(void *argument)
{
    const char *complaint = NULL;

    (void)argument;
    for (unsigned n = 0; complaint == NULL && (is_running() || n < 4); n++) {
        complaint = visit_complaint(n == 0);
        heap_table_mark();
    }
    return (void *)complaint;
}

static void while_one_thread_records_another_sees_every_block_once(void **state)
{
    pthread_t visitor;
    void *complaint;

    (void)state;
    for (unsigned n = 0; n < ROUNDS; n++) {
        next_round();
        assert_true(add_staying());
        running = 1;
        assert_int_equal(pthread_create(&visitor, NULL, visit_and_mark, NULL), 0);
        assert_null(come_and_go(0));
        __atomic_store_n(&running, 0, __ATOMIC_RELEASE);
        assert_int_equal(pthread_join(visitor, &complaint), 0);
        assert_ptr_equal(complaint, NULL);
        assert_true(take_staying());
    }
}

#define SITES 1000
#define TURNS 1000

static void compare_with_site(const struct heap_block *block, void *context)
{
    if (block->size != LONG_SIZE + block->site || block->addr != base)
        *(bool *)context = true;
}

static void *visit_the_long_block(void *argument)
{
    bool is_wrong = false;

    (void)argument;
    while (is_running() && !is_wrong)
        heap_table_visit(compare_with_site, &is_wrong);
    return is_wrong ? "a size of one block was seen with the site of another" : NULL;
}

/* A long block is two words. */
static void the_size_of_a_long_block_is_never_seen_with_another_block(void **state)
{
    struct heap_block block;
    pthread_t visitor;
    void *complaint;

    (void)state;
    running = 1;
    assert_int_equal(pthread_create(&visitor, NULL, visit_the_long_block, NULL), 0);
    for (uint32_t n = 0; n < SITES * TURNS; n++) {
        assert_int_equal(heap_table_add(base, LONG_SIZE + 1 + n % SITES, 1 + n % SITES), HEAP_PUT_NEW);
        assert_true(heap_table_take(base, &block));
        assert_int_equal(block.size, LONG_SIZE + block.site);
    }
    __atomic_store_n(&running, 0, __ATOMIC_RELEASE);
    assert_int_equal(pthread_join(visitor, &complaint), 0);
    assert_ptr_equal(complaint, NULL);
}

/* --- several threads that record ---------------------------------------------------------------------------------- */

static void blocks_that_stay_are_seen_exactly_once_whatever_comes_and_goes(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    heap_table_share();
    for (unsigned n = 0; n < ROUNDS; n++) {
        next_round();
        heap_table_mark();
        assert_true(add_staying());
        start_threads(threads, come_and_go_in_thread);
        while (is_running())
            assert_null(visit_complaint(true));
        join_threads(threads);
        assert_true(take_staying());
    }
}

static void no_block_from_before_a_mark_is_young_after_it_or_after_later_ones(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (unsigned n = 0; n < ROUNDS; n++) {
        next_round();
        start_threads(threads, come_and_go_in_thread);
        while (is_running()) {
            assert_true(add_staying());
            for (unsigned marks = 0; marks < 1 + n % 7; marks++) {
                heap_table_mark();
                assert_null(visit_complaint(false));
            }
            assert_true(take_staying());
        }
        join_threads(threads);
    }
}

/* --- fork --------------------------------------------------------------------------------------------------------- */

static bool child_can_use_the_table(void)
{
    heap_table_after_fork();
    return visit_complaint(false) == NULL && come_and_go(THREADS) == NULL && visit_complaint(false) == NULL && take_staying();
}

static void fork_and_wait(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        alarm(60);
        _exit(child_can_use_the_table() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_child_forked_amid_the_work_of_others_can_use_the_table(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    heap_table_mark();
    for (unsigned n = 0; n < ROUNDS; n++) {
        next_round();
        assert_true(add_staying());
        start_threads(threads, come_and_go_in_thread);
        while (is_running())
            fork_and_wait();
        join_threads(threads);
        assert_true(take_staying());
    }
}

/* Forks while a visit is under way. */
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

static void a_child_forked_amid_a_visit_can_use_the_table(void **state)
{
    struct heap_block block;
    pid_t child = 0;
    int status;

    (void)state;
    assert_int_equal(heap_table_add(16, 1, 1), HEAP_PUT_NEW);
    heap_table_visit(fork_inside, &child);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(heap_table_take(16, &block));
}

static uintptr_t addr_of(unsigned generation)
{
    return (generation + 1) << 20;
}

/* Of the blocks of all ancestors none is young, and the own one is. */
static bool inheritance_is_right(unsigned generation)
{
    struct heap_block block;
    bool right = heap_table_add(addr_of(generation), 1, 1) == HEAP_PUT_NEW;

    for (unsigned older = 0; older <= generation; older++)
        right = right && heap_table_take(addr_of(older), &block) && block.after_mark == (older == generation) &&
                heap_table_put_back(&block) == HEAP_PUT_NEW;
    return right;
}

static void what_a_child_inherits_is_from_before_its_mark_also_in_the_tenth_generation(void **state)
{
    unsigned generation = 0;
    struct heap_block block;
    int status = 0;
    pid_t child;

    (void)state;
    heap_table_mark();
    assert_true(inheritance_is_right(0));
    do {
        child = fork();
        if (child == 0) {
            heap_table_after_fork();
            if (!inheritance_is_right(++generation))
                _exit(1);
        }
    } while (child == 0 && generation < 10);
    if (child != 0)
        child = waitpid(child, &status, 0) == child ? 0 : -1;
    if (generation > 0)
        _exit(child == 0 && status == 0 ? 0 : 1);
    assert_int_equal(child, 0);
    assert_int_equal(status, 0);
    assert_true(heap_table_take(addr_of(0), &block));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_a_long_block_is_never_seen_with_another_block),
        cmocka_unit_test(while_one_thread_records_another_sees_every_block_once),
        cmocka_unit_test(blocks_that_stay_are_seen_exactly_once_whatever_comes_and_goes),
        cmocka_unit_test(no_block_from_before_a_mark_is_young_after_it_or_after_later_ones),
        cmocka_unit_test(a_child_forked_amid_the_work_of_others_can_use_the_table),
        cmocka_unit_test(a_child_forked_amid_a_visit_can_use_the_table),
        cmocka_unit_test(what_a_child_inherits_is_from_before_its_mark_also_in_the_tenth_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
