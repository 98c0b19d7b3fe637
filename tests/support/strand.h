/*
 * Strands: random trees of calls through frames of all shapes, in which stacks are taken with a cache as a hook takes them.
 * Each stack that is checked is held against libunwind's walk, and all that are taken are counted.
 *
 * take() stands for a hook: it lies in a section that is declared as leaktrace's code. Of the same seed a strand is always the
 * same.
 */
#ifndef LEAKTRACE_TESTS_STRAND_H
#define LEAKTRACE_TESTS_STRAND_H

#include "branches.h"
#include "unit.h"

#include "base/memory.h"
#include "record/stack_cache.h"
#include "record/stack_libunwind.h"
#include "store/counters.h"
#include "store/epoch.h"
#include "store/site_table.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#define HOOK(name) FRAME __attribute__((section(#name), optimize("O2")))
#define CACHES 5u
#define BYTES 3u
#define SITES (1u << 18)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 1u
#else
#define ROUNDS 4u
#endif

/* It may go on in another thread than it began in: nothing that belongs to a thread is kept over a call. */
struct strand {
    uint64_t seed;
    unsigned left;       /* stacks to take */
    unsigned depth;      /* levels of calls, at most */
    sigjmp_buf *catcher; /* the innermost frame that can be thrown to */
    ucontext_t context;
    ucontext_t *home; /* to which it yields now and then, or NULL */
    bool starves;     /* memory runs out now and then */
    bool never_throws;
    bool exact; /* only frames whose table is right at every instruction */
};

extern char __start_hook_code[], __stop_hook_code[];
extern char __start_hook_start[], __stop_hook_start[];

static struct stack_cache caches[CACHES];
static __thread struct stack_cache *cache = &caches[0];
static __thread struct strand *strand;
static __thread volatile bool busy;     /* the guard */
static __thread volatile bool throwing; /* a signal may come where longjmp has another stack pointer already */
static volatile bool stepping;          /* a signal comes after each instruction outside of the guard */

/* The last stack, and the hook's frame. */
static __thread struct stack stack;
static __thread uintptr_t pcs[SITE_DEPTH_MAX];
static __thread const struct stack_frame *frame;

static uint64_t truth[SITES]; /* what was taken, by site */
static unsigned truncated, strange, lost;

static uint64_t rnd(uint64_t limit)
{
    return random_next(&strand->seed) % limit;
}

static void count(struct stack_leaf *leaf, enum kind kind)
{
    const struct site *site = leaf->tally.site;

    site_stack(site, pcs, &stack);
    if (site->kind != kind || stack.epoch != epoch_module() || site->id >= SITES)
        __atomic_add_fetch(&strange, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&truncated, stack.truncated && !throwing, __ATOMIC_RELAXED);
    __atomic_add_fetch(&truth[site->id % SITES], 1, __ATOMIC_SEQ_CST);
    tally_count(&leaf->tally, BYTES);
}

HOOK(hook_code) static void take(enum kind kind)
{
    struct stack_leaf *leaf;

    if (busy)
        return;
    busy = true;
    frame = STACK_CALLER;
    leaf = stack_capture(cache, kind, frame);
    if (leaf != NULL)
        count(leaf, kind);
    else
        __atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
    busy = false;
    if (stepping)
        raise(SIGTRAP);
    sink++;
}

/* --- frames of all shapes, each with two places that call ----------------------------------------------------------- */

PLAIN static void plain(unsigned level)
{
    volatile unsigned words[5] = {level};

    BRANCH(level);
    sink += words[0];
}

/* rbp is a register like others here; what it held is what an outer frame needs to be found. */
FAST static void overwrites_rbp(unsigned level)
{
    volatile uint64_t here;
    uint64_t value = rnd(4) > 0 ? rnd(2) : (uintptr_t)&here + rnd(8) * 8;

    __asm__ volatile("movq %0, %%rbp" : : "r"(value) : "rbp");
    BRANCH(level);
}

FAST static void with_alloca(unsigned level)
{
    volatile char *room = alloca(1 + rnd(8) * 32);

    room[0] = 1;
    BRANCH(level);
    sink += (unsigned)room[0];
}

FAST static void realigned(unsigned level, int b, int c, int d, int e, int f, int g, int h)
{
    _Alignas(64) volatile char local[64] = {(char)g};
    volatile char *room = alloca(1 + rnd(4) * 64);

    room[0] = (char)h;
    BRANCH(level);
    sink += (unsigned)(local[0] + room[0] + b + c + d + e + f + (int)((uintptr_t)local % 64));
}

FAST static void calls_realigned(unsigned level)
{
    realigned(level, 1, 2, 3, 4, 5, 6, 7);
    sink++;
}

FAST __attribute__((target("avx"))) static void with_vectors(unsigned level)
{
    typedef float vector __attribute__((vector_size(32)));
    volatile vector sum = {1, 2};

    BRANCH(level);
    sink += (unsigned)sum[1];
}

FAST static void maybe_with_vectors(unsigned level)
{
    if (__builtin_cpu_supports("avx"))
        with_vectors(level);
    else
        branch(level);
    sink++;
}

FAST static void catches(unsigned level)
{
    sigjmp_buf here, *outer = strand->catcher;
    const bool interrupts_a_throw = throwing;

    if (sigsetjmp(here, 0) == 0) {
        strand->catcher = &here;
        BRANCH(level);
    }
    throwing = interrupts_a_throw;
    strand->catcher = outer;
}

HOOK(hook_code) static void hook_that_calls_back(unsigned level)
{
    BRANCH(level);
}

HOOK(hook_start) static void start_routine(unsigned level)
{
    BRANCH(level);
}

typedef void shape(unsigned level);

/* gcc's table of the last one is wrong where it ends, behind `pop %rbp`. */
static shape *const shapes[] = {
    plain,          fast, overwrites_rbp, with_alloca, catches, sorts, hook_that_calls_back, start_routine, maybe_with_vectors,
    calls_realigned};

#define EXACT_SHAPES (ARRAY_LEN(shapes) - 1)

FAST static void asks(enum kind kind)
{
    take(kind);
    sink++;
}

FAST static void asks_and_overwrites_rbp(enum kind kind)
{
    __asm__ volatile("leaq (%%rsp, %0, 8), %%rbp" : : "r"(rnd(32)) : "rbp");
    take(kind);
    sink++;
}

/* A hook in which another one is called; and a function that looks like it. */
HOOK(hook_code) static void outer_hook(void (*inner)(enum kind), enum kind kind)
{
    const struct stack_frame *volatile own = STACK_CALLER;

    inner(kind);
    sink += own == NULL;
}

FAST static void no_hook(void (*inner)(enum kind), enum kind kind)
{
    const struct stack_frame *volatile own = STACK_CALLER;

    inner(kind);
    sink += own == NULL;
}

/* Of two kinds at the same place. */
FAST static void leaf(void)
{
    enum kind kind = rnd(2) == 0 ? KIND_HEAP : KIND_FD;

    if (rnd(2) == 0)
        (rnd(2) == 0 ? outer_hook : no_hook)(rnd(2) == 0 ? asks : asks_and_overwrites_rbp, kind);
    else
        take(kind);
    sink++;
}

static void yield(void)
{
    struct strand *self = strand;

    swapcontext(&self->context, self->home);
}

static void throw(void)
{
    throwing = true;
    siglongjmp(*strand->catcher, 1);
}

FAST static void branch(unsigned level)
{
    for (uint64_t n = 1 + rnd(3); n > 0 && strand->left > 0; n--) {
        if (strand->starves && rnd(200) == 0)
            memory_set_cap(rnd(2));
        if (strand->home != NULL && rnd(16) == 0)
            yield();
        if (strand->catcher != NULL && !strand->never_throws && rnd(24) == 0)
            throw();
        if (rnd(2000) == 0)
            epoch_next_code();
        if (level == 0 || rnd(4) == 0) {
            strand->left--;
            leaf();
        } else {
            shapes[rnd(strand->exact ? EXACT_SHAPES : ARRAY_LEN(shapes))](level - 1);
        }
    }
}

/* Whole trees until it has taken all its stacks. */
PLAIN static void run(struct strand *run_strand)
{
    struct strand *outer = strand;

    strand = run_strand;
    while (strand->left > 0)
        shapes[rnd(2)](1 + (unsigned)rnd(strand->depth));
    strand = outer;
}

/* --- what was counted ----------------------------------------------------------------------------------------------- */

static uint64_t counts[SITES], bytes[SITES];

static void add_tally(const struct tally *tally, void *context)
{
    (void)context;
    counts[tally->site->id] += tally->count;
    bytes[tally->site->id] += tally->bytes;
}

static uint32_t add_up(void)
{
    uint32_t n = site_table_count();

    assert_true(n < SITES);
    for (uint32_t id = 1; id <= n; id++) {
        counts[id] = __atomic_load_n(&site_table_get(id)->acquired_count, __ATOMIC_ACQUIRE);
        bytes[id] = __atomic_load_n(&site_table_get(id)->acquired_bytes, __ATOMIC_ACQUIRE);
    }
    tally_visit(add_tally, NULL);
    return n;
}

static void all_that_was_taken_is_counted_at_its_site_once(void **state)
{
    uint32_t n = add_up();

    (void)state;
    for (uint32_t id = 1; id <= n; id++) {
        assert_int_equal(counts[id], truth[id]);
        assert_int_equal(bytes[id], truth[id] * BYTES);
    }
}

/* --- around tests ------------------------------------------------------------------------------------------------------ */

static uint64_t checked_before, mismatched_before;

static void set_depth(uint32_t depth)
{
    site_set_depth(depth);
    stack_cache_reset(cache, cache->bounds);
}

static int begin_checked(void **state)
{
    (void)state;
    checked_before = counters_get(COUNTER_CHECKED_STACKS);
    mismatched_before = counters_get(COUNTER_MISMATCHED_STACKS);
    truncated = strange = lost = 0;
    set_depth(512);
    return 0;
}

/* All that was taken was checked; no stack was different, wrongly cut off, not of its kind, or lost. */
static int end_checked(void **state)
{
    (void)state;
    if (counters_get(COUNTER_CHECKED_STACKS) == checked_before || counters_get(COUNTER_MISMATCHED_STACKS) != mismatched_before)
        return -1;
    return truncated == 0 && strange == 0 && lost == 0 ? 0 : -1;
}

static int prepare(void **state)
{
    uintptr_t low = (uintptr_t)__start_hook_code, start_low = (uintptr_t)__start_hook_start;
    uintptr_t high = (uintptr_t)__stop_hook_code, start_high = (uintptr_t)__stop_hook_start;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(caches); i++)
        stack_cache_init(&caches[i]);
    stack_cache_reset(&caches[0], stack_bounds_main());
    stack_libunwind_init();
    walk_find_context_start();
    stack_set_check(1);
    /* Sections of code with names of their own lie side by side. */
    walk_set_own_code((struct stack_bounds){low < start_low ? low : start_low, high > start_high ? high : start_high},
                      (struct stack_bounds){start_low, start_high});
    return 0;
}

#define CHECKED(test) cmocka_unit_test_setup_teardown(test, begin_checked, end_checked)

#endif
