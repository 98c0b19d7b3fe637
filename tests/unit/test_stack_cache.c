/* What the cache of stacks takes over, in a thread whose stacks are made to deceive it. */
#include "../support/strand.h"

#include "record/stack_room.h"

#include <sys/mman.h>

FAST static void inner(void)
{
    take(KIND_HEAP);
    sink++;
}

FAST static void middle(void)
{
    inner();
    sink++;
}

FAST static void one_caller(void)
{
    middle();
    sink += 3;
}

FAST static void other_caller(void)
{
    middle();
    sink += 5;
}

FAST static void calls(void (*function)(void))
{
    function();
    sink++;
}

/* A place that calls is always the same address, and another place another one. */
static void assert_place(uintptr_t *places, unsigned i, uintptr_t pc)
{
    places[i] = places[i] == 0 ? pc : places[i];
    assert_int_equal(places[i], pc);
    assert_int_not_equal(places[0], places[1]);
}

/* Holds that the leaf's frame lies where it lay the first time. */
static void assert_same_frame(const struct stack_frame **first)
{
    *first = *first == NULL ? frame : *first;
    assert_ptr_equal(frame, *first);
}

static void only_a_return_address_far_out_tells_two_stacks_apart(void **state)
{
    const struct stack_frame *first = NULL;
    uintptr_t places[2] = {0};

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned other = (i * 7 >> 2) % 2;

        calls(other ? other_caller : one_caller);
        assert_same_frame(&first);
        assert_place(places, other, stack.pcs[2]);
    }
}

/* Of the same pc and sp, with rbp saved in the same place: only the value that was saved tells where the frame outside of it
   ends. The two sizes of alloca always make the same sum, and what lay there before still does. */
FAST static void keeps_rbp(void)
{
    __asm__ volatile("xorl %%ebp, %%ebp" : : : "rbp");
    inner();
    sink++;
}

FAST static void moves_rbp(size_t size, size_t rest, unsigned other)
{
    volatile char *room = alloca(size);

    if (rest == 0) {
        keeps_rbp();
    } else if (other) {
        moves_rbp(rest, 0, 0);
        sink++;
    } else {
        moves_rbp(rest, 0, 0);
        sink += 2;
    }
    sink += room == NULL;
}

static void rbp_is_compared_where_an_outer_frame_is_found_by_it(void **state)
{
    const struct stack_frame *first = NULL;
    uintptr_t places[2] = {0};
    uint64_t seed = 5;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        size_t size = 64 + random_next(&seed) % 16 * 64;
        unsigned other = random_next(&seed) % 2;

        moves_rbp(size, 64 * 18 - size, other);
        assert_same_frame(&first);
        assert_place(places, other, stack.pcs[3]);
    }
}

/* Where gcc realigns the stack a word tells where the frame ends; what lies outside of it may move without moving it. */
FAST static unsigned realigns(size_t size, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f, unsigned g, unsigned h)
{
    _Alignas(256) volatile char local[64] = {(char)h};
    volatile char *room = alloca(size);

    room[0] = 1;
    inner();
    return (unsigned)room[0] + (unsigned)((uintptr_t)local % 256) + b + c + d + e + f + g;
}

FAST static void moves_sp(size_t size, unsigned other)
{
    volatile char *room = alloca(size);

    room[0] = 1;
    if (other)
        sink += realigns(32, 1, 2, 3, 4, 5, 6, 7);
    else
        sink += 2 * realigns(32, 1, 2, 3, 4, 5, 6, 7);
}

static void the_end_of_a_realigned_frame_is_compared(void **state)
{
    uintptr_t places[2] = {0};
    uint64_t seed = 6;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        unsigned other = random_next(&seed) % 2;

        moves_sp(16 + random_next(&seed) % 16 * 16, other);
        assert_place(places, other, stack.pcs[2]);
    }
}

static void random_trees_of_all_frames_are_right(void **state)
{
    uint32_t before = site_table_count();

    (void)state;
    for (unsigned depth = 4; depth <= 64; depth *= 2)
        run(&(struct strand){.seed = depth, .left = 5000 * ROUNDS, .depth = depth});
    assert_true(site_table_count() - before > 5000 * ROUNDS);
}

/* Up and down, with stacks on the way that are cut, have just been cut, or are whole again. */
static unsigned goal, deepest;
static shape fast_wander;

PLAIN static void plain_wander(unsigned level)
{
    fast_wander(level);
    sink++;
}

FAST static void fast_wander(unsigned level)
{
    while (strand->left > 0) {
        if (level == goal || rnd(64) == 0) {
            strand->left--;
            leaf();
        }
        if (level == goal)
            goal = (unsigned)rnd(rnd(4) == 0 ? deepest : goal + 20);
        if (level > goal)
            return;
        if (level < goal)
            (rnd(2) == 0 ? fast_wander : plain_wander)(level + 1);
    }
}

static void the_shown_end_of_deep_stacks_is_right(void **state)
{
    static const uint32_t depths[] = {1, 8, 64, 512};
    struct strand wandering = {.seed = 3};

    (void)state;
    strand = &wandering;
    for (unsigned i = 0; i < ARRAY_LEN(depths) * 2; i++) {
        set_depth(depths[i % ARRAY_LEN(depths)]);
        deepest = i < ARRAY_LEN(depths) ? 1000 : 4000;
        wandering.left = 600 * ROUNDS;
        while (wandering.left > 0)
            fast_wander(0);
        assert_true(truncated > 0);
    }
    truncated = 0;
}

static void want_of_memory_loses_stacks_and_makes_none_wrong(void **state)
{
    (void)state;
    cache = &caches[1];
    stack_cache_reset(cache, caches[0].bounds);
    memory_set_cap(1);
    inner();
    assert_int_equal(lost, 1);
    run(&(struct strand){.seed = 9, .left = 3000 * ROUNDS, .depth = 30, .starves = true});
    assert_true(lost > 1);
    memory_set_cap(0);
    lost = 0;
    run(&(struct strand){.seed = 9, .left = 100 * ROUNDS, .depth = 30});
    cache = &caches[0];
}

HOOK(hook_code) static void take_around_new_code(void)
{
    struct stack_leaf *found = stack_capture(cache, KIND_HEAP, STACK_CALLER);
    const struct site *site = found->tally.site;

    count(found, KIND_HEAP);
    assert_ptr_equal(stack_cache_find(cache, KIND_HEAP, STACK_CALLER), found);
    assert_null(stack_cache_find(cache, KIND_FD, STACK_CALLER));
    epoch_next_code();
    assert_null(stack_cache_find(cache, KIND_HEAP, STACK_CALLER));
    found = stack_capture(cache, KIND_HEAP, STACK_CALLER);
    assert_ptr_equal(found->tally.site, site);
    assert_int_equal(found->tally.count, 0);
    assert_ptr_equal(stack_cache_find(cache, KIND_HEAP, STACK_CALLER), found);
    count(found, KIND_HEAP);
    sink++;
}

static void new_code_makes_all_be_forgotten(void **state)
{
    (void)state;
    take_around_new_code();
}

HOOK(hook_code) static void take_while_code_goes(void)
{
    struct stack_leaf *found = stack_capture(cache, KIND_HEAP, STACK_CALLER);

    count(found, KIND_HEAP);
    assert_true(unwind_rule_suspend());
    for (int i = 0; i < 3; i++) {
        assert_null(stack_cache_find(cache, KIND_HEAP, STACK_CALLER));
        found = stack_capture(cache, KIND_HEAP, STACK_CALLER);
        count(found, KIND_HEAP);
        assert_true(cache->room->n_fresh > 2); /* all of it */
    }
    unwind_rule_resume();
    assert_null(stack_cache_find(cache, KIND_HEAP, STACK_CALLER));
    found = stack_capture(cache, KIND_HEAP, STACK_CALLER);
    count(found, KIND_HEAP);
    assert_ptr_equal(stack_cache_find(cache, KIND_HEAP, STACK_CALLER), found);
    sink++;
}

static void nothing_is_taken_over_while_code_goes(void **state)
{
    (void)state;
    take_while_code_goes();
}

static uint32_t walked; /* frames */

/* Takes a stack at each level on the way back. */
FAST static void come_back(unsigned level)
{
    if (level > 0)
        come_back(level - 1);
    take(KIND_HEAP);
    walked += cache->room->n_fresh;
}

/* Of a deep stack so much is kept that it need not be walked anew at each level. */
static void the_way_back_from_deep_recursion_walks_little(void **state)
{
    const unsigned levels = 5000;

    (void)state;
    come_back(levels);
    assert_true(walked > levels);
    assert_true(walked < 10 * levels);
    truncated = 0;
}

PLAIN static void with_frame_pointer(void)
{
    take(KIND_HEAP);
    sink++;
}

/* The depth of a stack of two frames outside of the thread's stack, the outer one of which may not be there. */
static uint32_t depth_of_foreign_stack(uintptr_t *words, uintptr_t pc)
{
    struct walk_state state = {.pc = pc, .sp = (uintptr_t)words, .bp = (uintptr_t)(words + 2)};
    const struct stack_leaf *found = stack_cache_walk(cache, KIND_HEAP, &state);

    assert_non_null(found);
    site_stack(found->tally.site, pcs, &stack);
    assert_true(stack.truncated);
    return stack.depth;
}

static void what_lies_outside_of_the_known_stack_is_looked_at_each_time(void **state)
{
    uintptr_t *words = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t pc;

    (void)state;
    assert_ptr_not_equal(words, MAP_FAILED);
    with_frame_pointer();
    pc = frame->pc;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(depth_of_foreign_stack(words, pc), 1);
        assert_int_equal(mprotect(words, 4096, PROT_READ | PROT_WRITE), 0);
        words[2] = (uintptr_t)(words + 4);
        words[3] = pc;
        assert_true(depth_of_foreign_stack(words, pc) > 1);
        assert_int_equal(mprotect(words, 4096, PROT_NONE), 0);
    }
    assert_int_equal(munmap(words, 4096), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(only_a_return_address_far_out_tells_two_stacks_apart),
        CHECKED(rbp_is_compared_where_an_outer_frame_is_found_by_it),
        CHECKED(the_end_of_a_realigned_frame_is_compared),
        CHECKED(random_trees_of_all_frames_are_right),
        CHECKED(the_shown_end_of_deep_stacks_is_right),
        CHECKED(want_of_memory_loses_stacks_and_makes_none_wrong),
        CHECKED(the_way_back_from_deep_recursion_walks_little),
        CHECKED(new_code_makes_all_be_forgotten),
        CHECKED(nothing_is_taken_over_while_code_goes),
        CHECKED(what_lies_outside_of_the_known_stack_is_looked_at_each_time),
        cmocka_unit_test(all_that_was_taken_is_counted_at_its_site_once),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
