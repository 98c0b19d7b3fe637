/*
 * Stacks captured through known chains of calls, each held against libunwind's walk (stack_set_check(1)).
 *
 * take() stands for a hook: it lies in a section of its own, which is declared as leaktrace's code.
 */
#include "../support/unit.h"

#include "record/stack_cache.h"
#include "record/stack_libunwind.h"
#include "record/unwind_rule.h"
#include "store/counters.h"
#include "store/site_table.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define FRAME __attribute__((visibility("default"), noinline, optimize("no-optimize-sibling-calls")))
#define PLAIN FRAME __attribute__((optimize("O0")))
#define FAST FRAME __attribute__((optimize("O2", "omit-frame-pointer")))
#define STACK_SIZE (256ul * 1024)
#define ASYNCHRONOUS_SIGNALS 300

extern char __start_hook_code[], __stop_hook_code[];
extern char __start_hook_start[], __stop_hook_start[];

static struct stack_cache cache;
static uintptr_t pcs[SITE_DEPTH_MAX];
static struct stack stack;
static volatile int sink; /* keeps calls from being tail calls */

static void show(const struct stack_leaf *leaf)
{
    assert_non_null(leaf);
    site_stack(leaf->tally.site, pcs, &stack);
}

__attribute__((section("hook_code"), noinline)) static void take(void)
{
    show(stack_capture(&cache, KIND_HEAP, STACK_CALLER));
    sink++;
}

/* The name of the function of a frame; of libc's and other hidden ones, the nearest exported one before it. */
static const char *name_of(uint32_t frame)
{
    Dl_info info;

    return frame < stack.depth && dladdr((void *)stack.pcs[frame], &info) != 0 && info.dli_sname != NULL ? info.dli_sname : "?";
}

static void assert_names_from(uint32_t first, const char *const *names, size_t n)
{
    for (uint32_t i = 0; i < n; i++)
        assert_string_equal(name_of(first + i), names[i]);
}

#define ASSERT_NAMES(first, ...)                                                                                               \
    assert_names_from((first), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Of a stack of the main thread: it ends in _start, and libunwind says the same. */
static void assert_complete(void)
{
    assert_false(stack.truncated);
    assert_string_equal(name_of(stack.depth - 1), "_start");
}

/* Nobody sets it while stacks are captured. */
static void set_depth(uint32_t depth)
{
    site_set_depth(depth);
    stack_cache_reset(&cache, cache.bounds);
}

static uint64_t checked_before, mismatched_before;

static int begin_checked(void **state)
{
    (void)state;
    checked_before = counters_get(COUNTER_CHECKED_STACKS);
    mismatched_before = counters_get(COUNTER_MISMATCHED_STACKS);
    memset(&stack, 0, sizeof(stack));
    set_depth(64);
    return 0;
}

/* Behind each test: all its stacks were checked, and none was different. */
static int end_checked(void **state)
{
    (void)state;
    if (counters_get(COUNTER_CHECKED_STACKS) == checked_before)
        return -1;
    return counters_get(COUNTER_MISMATCHED_STACKS) == mismatched_before ? 0 : -1;
}

/* --- chains ------------------------------------------------------------------------------------------------------- */

PLAIN void plain_leaf(void)
{
    take();
    sink++;
}

PLAIN void plain_caller(int n)
{
    volatile int words[7] = {n};

    plain_leaf();
    sink += words[0];
}

FAST void fast_leaf(void)
{
    take();
    sink++;
}

FAST int fast_caller(int n)
{
    fast_leaf();
    return n + sink;
}

FAST int fast_outer(int n, const char *text)
{
    int sum = fast_caller(n) + (int)strlen(text);

    sink += sum;
    return sum;
}

PLAIN void mixed_outer(void)
{
    sink += fast_outer(3, "text");
    plain_caller(4);
}

FAST void with_alloca(size_t n)
{
    volatile char *room = alloca(n);

    room[0] = 1;
    room[n - 1] = 1;
    fast_leaf();
    sink += room[n - 1];
}

/* More arguments than registers hold, a local that is aligned to more than the stack, and room of unknown size: gcc then keeps
   the address of the arguments in a register of its own and realigns. */
FAST int realigned(int a, int b, int c, int d, int e, int f, int g, int h)
{
    _Alignas(64) volatile char local[64] = {(char)a};
    volatile char *room = alloca((size_t)b);

    room[0] = (char)c;
    fast_leaf();
    return local[0] + room[0] + d + e + f + g + h + (int)((uintptr_t)local % 64);
}

FAST __attribute__((target("avx"))) int with_vectors(const float *values)
{
    typedef float vector __attribute__((vector_size(32)));
    volatile vector sum = {values[0], values[1]};

    fast_leaf();
    return (int)sum[0] + (int)sum[1];
}

FAST int recursion(int n)
{
    int result = 0;

    if (n == 0)
        fast_leaf();
    else
        result = recursion(n - 1) + 1;
    sink++;
    return result;
}

static void functions_with_frame_pointers_are_followed(void **state)
{
    (void)state;
    plain_caller(1);
    ASSERT_NAMES(0, "plain_leaf", "plain_caller");
    assert_complete();
}

static void functions_without_frame_pointers_are_followed(void **state)
{
    (void)state;
    sink += fast_outer(1, "x");
    ASSERT_NAMES(0, "fast_leaf", "fast_caller", "fast_outer");
    assert_complete();
}

static void both_kinds_may_call_each_other(void **state)
{
    (void)state;
    mixed_outer();
    ASSERT_NAMES(0, "plain_leaf", "plain_caller", "mixed_outer");
    assert_complete();
}

static void each_frame_is_an_address_inside_its_call(void **state)
{
    (void)state;
    plain_caller(1);
    for (uint32_t i = 0; i < stack.depth - 1; i++) {
        const uint8_t *behind = (const uint8_t *)stack.pcs[i] + 1;

        /* call rel32; call *reg or *(reg), call *disp8(reg), call *disp32(rip) */
        assert_true(behind[-5] == 0xe8 || behind[-2] == 0xff || behind[-3] == 0xff || behind[-4] == 0xff || behind[-6] == 0xff);
    }
}

static void frames_with_alloca_are_followed(void **state)
{
    (void)state;
    for (size_t n = 1; n < 5000; n = n * 3 + 1) {
        with_alloca(n);
        ASSERT_NAMES(0, "fast_leaf", "with_alloca");
        assert_complete();
    }
}

static void realigned_frames_are_followed(void **state)
{
    (void)state;
    assert_int_equal(realigned(1, 100, 2, 3, 4, 5, 6, 7), 1 + 2 + 3 + 4 + 5 + 6 + 7);
    ASSERT_NAMES(0, "fast_leaf", "realigned");
    assert_int_equal(unwind_rule_get(stack.pcs[1]).kind, UNWIND_RBP_DEREF);
    assert_complete();
}

static void frames_of_vector_code_are_followed(void **state)
{
    static const float values[2] = {1, 2};

    (void)state;
    if (__builtin_cpu_supports("avx"))
        assert_int_equal(with_vectors(values), 3);
    else
        fast_leaf();
    assert_complete();
}

static int compare_and_take(const void *a, const void *b)
{
    fast_leaf();
    return *(const int *)a - *(const int *)b;
}

static void calls_back_from_libc_are_followed(void **state)
{
    int values[] = {3, 1, 2};

    (void)state;
    qsort(values, 3, sizeof(values[0]), compare_and_take);
    assert_complete();
    assert_true(stack.depth > 4);
}

/* --- depth -------------------------------------------------------------------------------------------------------- */

static void a_stack_that_is_too_deep_keeps_its_leaf_end_and_is_marked(void **state)
{
    static const uint32_t depths[] = {1, 2, 7, 8, 9, 64, 512};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
        set_depth(depths[i]);
        sink += recursion(600);
        assert_true(stack.truncated);
        assert_int_equal(stack.depth, depths[i]);
        assert_string_equal(name_of(0), "fast_leaf");
        for (uint32_t frame = 1; frame < stack.depth; frame++)
            assert_string_equal(name_of(frame), "recursion");
    }
}

static void a_stack_of_just_the_depth_is_whole(void **state)
{
    uint32_t whole;

    (void)state;
    set_depth(512);
    sink += recursion(40);
    assert_complete();
    whole = stack.depth;
    set_depth(whole);
    sink += recursion(40);
    assert_complete();
    assert_int_equal(stack.depth, whole);
    set_depth(whole - 1);
    sink += recursion(40);
    assert_true(stack.truncated);
    assert_int_equal(stack.depth, whole - 1);
}

/* --- threads, contexts, signals ----------------------------------------------------------------------------------- */

/* ThreadSanitizer starts threads, switches contexts and calls handlers in its own way. */
#ifndef __SANITIZE_THREAD__
static void *take_in_thread(void *argument)
{
    struct stack_bounds main_bounds = cache.bounds;
    struct stack_bounds bounds = stack_bounds_thread((size_t)argument);

    if ((uintptr_t)&main_bounds < bounds.low || (uintptr_t)&main_bounds >= bounds.high)
        return "the thread's bounds are not around its stack";
    stack_cache_reset(&cache, bounds);
    sink += fast_outer(1, "x");
    stack_cache_reset(&cache, main_bounds);
    return NULL;
}

static void a_thread_s_stack_ends_in_its_start(void **state)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *complaint;

    (void)state;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attr, take_in_thread, (void *)STACK_SIZE), 0);
    assert_int_equal(pthread_join(thread, &complaint), 0);
    assert_null(complaint);
    assert_false(stack.truncated);
    ASSERT_NAMES(0, "fast_leaf", "fast_caller", "fast_outer");
    /* take_in_thread, start_thread, clone3 */
    assert_int_equal(stack.depth, 6);
    pthread_attr_destroy(&attr);
}

static ucontext_t main_context, other_context;

static void take_in_context(void)
{
    sink += fast_outer(1, "x");
}

static void a_stack_made_by_makecontext_ends_in_its_start(void **state)
{
    void *room = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(room, MAP_FAILED);
    assert_int_equal(getcontext(&other_context), 0);
    other_context.uc_stack.ss_sp = room;
    other_context.uc_stack.ss_size = STACK_SIZE;
    other_context.uc_link = &main_context;
    makecontext(&other_context, take_in_context, 0);
    assert_int_equal(swapcontext(&main_context, &other_context), 0);
    assert_false(stack.truncated);
    ASSERT_NAMES(0, "fast_leaf", "fast_caller", "fast_outer");
    assert_int_equal(stack.depth, 5);
    assert_int_equal(munmap(room, STACK_SIZE), 0);
}

static volatile sig_atomic_t signals;
static volatile sig_atomic_t incomplete;

FAST void handler(int sig)
{
    (void)sig;
    fast_leaf();
    signals++;
    incomplete += stack.truncated || strcmp(name_of(stack.depth - 1), "_start") != 0;
}

FAST void raiser(void)
{
    sink += raise(SIGUSR1);
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    signals = 0;
    incomplete = 0;
}

/* The frame of a function of this program that has that name; its number. */
static uint32_t find_frame(const char *name)
{
    uint32_t frame = 0;

    while (frame < stack.depth && strcmp(name_of(frame), name) != 0)
        frame++;
    assert_int_not_equal(frame, stack.depth);
    return frame;
}

static void a_handler_s_stack_goes_on_in_what_it_interrupted(void **state)
{
    (void)state;
    handle(0);
    raiser();
    assert_int_equal(signals, 1);
    ASSERT_NAMES(0, "fast_leaf", "handler");
    assert_true(find_frame("raiser") >= 4);
    assert_int_equal(unwind_rule_get(stack.pcs[2]).kind, UNWIND_SIGNAL);
    assert_complete();
}

static void a_handler_on_another_stack_is_followed_back(void **state)
{
    stack_t other = {.ss_size = STACK_SIZE}, before;

    (void)state;
    other.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(other.ss_sp, MAP_FAILED);
    assert_int_equal(sigaltstack(&other, &before), 0);
    handle(SA_ONSTACK);
    raiser();
    assert_int_equal(signals, 1);
    ASSERT_NAMES(0, "fast_leaf", "handler");
    find_frame("raiser");
    assert_complete();
    assert_int_equal(sigaltstack(&before, NULL), 0);
    assert_int_equal(munmap(other.ss_sp, STACK_SIZE), 0);
}

static sigjmp_buf back;

FAST void handler_that_jumps(int sig)
{
    (void)sig;
    fast_leaf();
    siglongjmp(back, 1);
}

FAST void calls_nothing(void (*nothing)(void))
{
    nothing();
    sink++;
}

static void (*volatile nothing)(void);

static void address_zero_is_no_frame(void **state)
{
    (void)state;
    assert_true(signal(SIGSEGV, handler_that_jumps) != SIG_ERR);
    if (sigsetjmp(back, 1) == 0)
        calls_nothing(nothing);
    assert_true(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    assert_true(stack.truncated);
    assert_int_equal(stack.depth, 3);
    ASSERT_NAMES(0, "fast_leaf", "handler_that_jumps");
    assert_int_equal(unwind_rule_get(stack.pcs[2]).kind, UNWIND_SIGNAL);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Work in code of all kinds, between any two instructions of which a signal may come. */
FAST void work(unsigned round)
{
    int values[64];

    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        values[i] = (int)((i * 7919 + round) % 101);
    qsort(values, ARRAY_LEN(values), sizeof(values[0]), compare);
    free(malloc(round % 4096 + 1));
    sink += values[round % 64] + (int)strlen(getenv("PATH") == NULL ? "" : getenv("PATH"));
}

static void signals_that_come_at_any_instruction_give_whole_stacks(void **state)
{
    static const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};

    (void)state;
    handle(SA_RESTART);
    assert_true(signal(SIGALRM, handler) != SIG_ERR);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (unsigned round = 0; signals < ASYNCHRONOUS_SIGNALS; round++)
        work(round);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(incomplete, 0);
}
#endif

/* --- code written by hand ------------------------------------------------------------------------------------------ */

/* Calls fast_leaf(); its table says that it was interrupted where it is, as those of runtimes do that change stacks.
   What lies in its frame could be a signal's registers, those of plain_leaf(). */
void marked_as_interrupted(void);
__asm__(".text\n.globl marked_as_interrupted\n.type marked_as_interrupted, @function\nmarked_as_interrupted:\n"
        ".cfi_startproc\n"
        ".cfi_signal_frame\n"
        "sub $1032, %rsp\n"
        ".cfi_adjust_cfa_offset 1032\n"
        "lea plain_leaf+1(%rip), %rax\n"
        "mov %rax, 168(%rsp)\n" /* rip of the ucontext */
        "lea 512(%rsp), %rax\n"
        "mov %rax, 160(%rsp)\n" /* rsp */
        "mov %rax, 120(%rsp)\n" /* rbp */
        "call fast_leaf\n"
        "add $1032, %rsp\n"
        ".cfi_adjust_cfa_offset -1032\n"
        "ret\n"
        ".cfi_endproc\n.size marked_as_interrupted, . - marked_as_interrupted\n");

FAST void calls_marked(void)
{
    marked_as_interrupted();
    sink++;
}

static void a_frame_that_is_marked_as_interrupted_need_not_be_a_signal_s(void **state)
{
    (void)state;
    calls_marked();
    ASSERT_NAMES(0, "fast_leaf", "marked_as_interrupted", "calls_marked");
    assert_complete();
}

/* Calls fast_leaf() after it has lost rbp, and says so. */
void loses_rbp(uintptr_t *frame_to_be_taken_for_the_caller_s);
__asm__(".text\n.globl loses_rbp\n.type loses_rbp, @function\nloses_rbp:\n"
        ".cfi_startproc\n"
        "push %rbp\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_undefined %rbp\n"
        "mov %rdi, %rbp\n"
        "call fast_leaf\n"
        "pop %rbp\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_same_value %rbp\n"
        "ret\n"
        ".cfi_endproc\n.size loses_rbp, . - loses_rbp\n");

PLAIN void needs_rbp(void)
{
    uintptr_t like_a_frame[2] = {0, (uintptr_t)fast_leaf + 1};

    loses_rbp(like_a_frame);
    sink++;
}

static void nothing_is_made_of_an_rbp_that_was_lost(void **state)
{
    (void)state;
    needs_rbp();
    assert_true(stack.truncated);
    ASSERT_NAMES(0, "fast_leaf", "loses_rbp");
    assert_true(stack.depth == 2 || strcmp(name_of(2), "needs_rbp") == 0);
    assert_in_range(stack.depth, 2, 3);
}

/* --- leaktrace's own code ----------------------------------------------------------------------------------------- */

__attribute__((section("hook_code"), noinline)) static void hook_that_calls_back(void)
{
    plain_caller(1);
    sink++;
}

FAST void caller_of_hook(void)
{
    hook_that_calls_back();
    sink++;
}

static void what_a_hooked_function_calls_is_left_out_with_the_hook(void **state)
{
    (void)state;
    caller_of_hook();
    ASSERT_NAMES(0, "caller_of_hook");
    assert_complete();
}

__attribute__((section("hook_start"), noinline)) static void start_routine(void)
{
    plain_caller(1);
    sink++;
}

static void the_routine_that_threads_start_in_is_left_out_alone(void **state)
{
    uint32_t own;

    (void)state;
    plain_caller(1);
    own = stack.depth;
    start_routine();
    ASSERT_NAMES(0, "plain_leaf", "plain_caller");
    assert_int_equal(stack.depth, own);
    assert_complete();
}

/* --- lies --------------------------------------------------------------------------------------------------------- */

/* Sanitizers lay out memory of their own over most of the address space, and cannot look after reads of that. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void frames_that_cannot_be_read_are_not_guessed(void **state)
{
    struct walk_state frame = {.pc = (uintptr_t)fast_caller + 1};
    uint64_t seed = 11;

    (void)state;
    stack_set_check(0);
    for (int i = 0; i < 20000; i++) {
        uintptr_t wild = random_next(&seed) >> random_next(&seed) % 64;

        frame.sp = i % 3 == 0 ? wild : wild | 1ul << 63;
        frame.bp = random_next(&seed) >> random_next(&seed) % 64;
        if (frame.sp - cache.bounds.low < cache.bounds.high - cache.bounds.low)
            continue;
        show(stack_cache_walk(&cache, KIND_HEAP, &frame));
        assert_true(stack.truncated);
        assert_true(stack.depth >= 1);
        assert_int_equal(stack.pcs[0], frame.pc - 1);
    }
    stack_set_check(1);
    fast_leaf();
}
#endif

static void code_without_a_table_ends_the_stack_as_truncated(void **state)
{
    struct walk_state frame = {.pc = (uintptr_t)&sink, .sp = (uintptr_t)__builtin_frame_address(0)};

    (void)state;
    stack_set_check(0);
    show(stack_cache_walk(&cache, KIND_HEAP, &frame));
    assert_true(stack.truncated);
    assert_int_equal(stack.depth, 1);
    stack_set_check(1);
    fast_leaf();
}

static void only_every_nth_stack_is_checked(void **state)
{
    uint64_t before;

    (void)state;
    fast_leaf();
    before = counters_get(COUNTER_CHECKED_STACKS);
    stack_set_check(10);
    for (int i = 0; i < 100; i++)
        fast_leaf();
    assert_int_equal(counters_get(COUNTER_CHECKED_STACKS), before + 10);
    stack_set_check(1);
}

static int prepare(void **state)
{
    uintptr_t low = (uintptr_t)__start_hook_code, start_low = (uintptr_t)__start_hook_start;
    uintptr_t high = (uintptr_t)__stop_hook_code, start_high = (uintptr_t)__stop_hook_start;

    (void)state;
    stack_cache_init(&cache);
    stack_cache_reset(&cache, stack_bounds_main());
    stack_libunwind_init();
    walk_find_context_start();
    stack_set_check(1);
    /* Sections of code with names of their own lie side by side. */
    walk_set_own_code((struct stack_bounds){low < start_low ? low : start_low, high > start_high ? high : start_high},
                      (struct stack_bounds){start_low, start_high});
    return 0;
}

#define CHECKED(test) cmocka_unit_test_setup_teardown(test, begin_checked, end_checked)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(functions_with_frame_pointers_are_followed),
        CHECKED(functions_without_frame_pointers_are_followed),
        CHECKED(both_kinds_may_call_each_other),
        CHECKED(each_frame_is_an_address_inside_its_call),
        CHECKED(frames_with_alloca_are_followed),
        CHECKED(realigned_frames_are_followed),
        CHECKED(frames_of_vector_code_are_followed),
        CHECKED(calls_back_from_libc_are_followed),
        CHECKED(a_stack_that_is_too_deep_keeps_its_leaf_end_and_is_marked),
        CHECKED(a_stack_of_just_the_depth_is_whole),
#ifndef __SANITIZE_THREAD__
        CHECKED(a_thread_s_stack_ends_in_its_start),
        CHECKED(a_stack_made_by_makecontext_ends_in_its_start),
        CHECKED(a_handler_s_stack_goes_on_in_what_it_interrupted),
        CHECKED(a_handler_on_another_stack_is_followed_back),
        CHECKED(address_zero_is_no_frame),
        CHECKED(signals_that_come_at_any_instruction_give_whole_stacks),
#endif
        CHECKED(a_frame_that_is_marked_as_interrupted_need_not_be_a_signal_s),
        CHECKED(nothing_is_made_of_an_rbp_that_was_lost),
        CHECKED(what_a_hooked_function_calls_is_left_out_with_the_hook),
        CHECKED(the_routine_that_threads_start_in_is_left_out_alone),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        CHECKED(frames_that_cannot_be_read_are_not_guessed),
#endif
        CHECKED(code_without_a_table_ends_the_stack_as_truncated),
        CHECKED(only_every_nth_stack_is_checked),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
