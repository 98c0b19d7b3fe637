/* The capture of call stacks. Owns the settings; called by record/record for each event. Takes no lock. */
#include "record/stack.h"

#include "base/sys.h"
#include "record/stack_libunwind.h"
#include "record/unwind_rule.h"
#include "store/counters.h"
#include "store/epoch.h"
#include "store/site_table.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <ucontext.h>

#define PAGE_MASK (~4095ul)
#define NO_PAGE 1ul /* is none: page addresses end in zeros */

extern void *__libc_stack_end; /* where the kernel put the main thread's arguments; from ld.so, GLIBC_2.2.5 */

/* Frames inside leaktrace's own that may come before the caller's, where a hooked function calls another. */
#define INSIDE_MAX 8

static struct {
    uint32_t depth;
    uint32_t check;
    uint32_t captures; /* since the last check */
    struct stack_bounds own_code;
    struct stack_bounds start_routine;
    uintptr_t context_start; /* where functions of makecontext return to */
} settings = {.depth = 64, .context_start = UINTPTR_MAX};

void stack_set_depth(uint32_t depth)
{
    settings.depth = depth;
}

void stack_set_check(uint32_t every)
{
    settings.check = every;
}

void stack_set_own_code(struct stack_bounds code, struct stack_bounds start_routine)
{
    settings.own_code = code;
    settings.start_routine = start_routine;
}

void stack_find_context_start(void)
{
    char room[512] __attribute__((aligned(16)));
    ucontext_t context;

    if (getcontext(&context) != 0)
        return;
    context.uc_stack = (stack_t){.ss_sp = room, .ss_size = sizeof(room)};
    context.uc_link = NULL;
    makecontext(&context, stack_find_context_start, 0);
    settings.context_start = *(const uintptr_t *)context.uc_mcontext.gregs[REG_RSP];
}

struct stack_bounds stack_bounds_main(void)
{
    uintptr_t high = (uintptr_t)__libc_stack_end;
    uint64_t limit[2] = {0};

    /* The kernel keeps other mappings away from the room that the stack may grow into, up to the soft limit. */
    SYS_CALL(SYS_prlimit64, 0, RLIMIT_STACK, 0, limit);
    if (limit[0] == 0 || limit[0] > 64ul << 20)
        limit[0] = 64ul << 20;
    return (struct stack_bounds){.low = high - limit[0], .high = high};
}

struct stack_bounds stack_bounds_thread(uint64_t size)
{
    /* glibc puts the thread's control block at the top of its stack, also of one that the program provides. */
    uintptr_t high = (uintptr_t)pthread_self();

    return (struct stack_bounds){.low = high - size, .high = high};
}

struct walker {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t bp;
    bool exact; /* pc is the next instruction of an interrupted function, not a return address */
    uintptr_t checked_page;
    struct stack_bounds bounds;
};

static bool within(uintptr_t addr, struct stack_bounds bounds)
{
    return addr - bounds.low < bounds.high - bounds.low;
}

static bool read_word(struct walker *walker, uintptr_t addr, uintptr_t *ret_word)
{
    if (addr & 7)
        return false;
    if (!within(addr, walker->bounds) && (addr & PAGE_MASK) != walker->checked_page) {
        if (!sys_readable(addr))
            return false;
        walker->checked_page = addr & PAGE_MASK;
    }
    *ret_word = *(const uintptr_t *)addr;
    return true;
}

/* Steps over a signal trampoline, to the interrupted function. */
static bool step_signal(struct walker *walker)
{
    const ucontext_t *context = (const ucontext_t *)walker->sp;
    uintptr_t ip, sp, bp;

    if (!read_word(walker, (uintptr_t)&context->uc_mcontext.gregs[REG_RIP], &ip) ||
        !read_word(walker, (uintptr_t)&context->uc_mcontext.gregs[REG_RSP], &sp) ||
        !read_word(walker, (uintptr_t)&context->uc_mcontext.gregs[REG_RBP], &bp))
        return false;
    walker->pc = ip;
    walker->sp = sp;
    walker->bp = bp;
    walker->exact = true;
    return true;
}

/* Steps to the calling frame; false when it cannot be read. */
static bool step(struct walker *walker, const struct unwind_rule *rule)
{
    uintptr_t cfa = (rule->kind == UNWIND_RSP ? walker->sp : walker->bp) + (uintptr_t)(intptr_t)rule->cfa;
    uintptr_t rbp_at = walker->bp;

    if (rule->kind == UNWIND_RBP_DEREF) {
        if (!read_word(walker, cfa, &cfa))
            return false;
    } else {
        rbp_at = cfa;
    }
    /* A caller's frame lies further out on the same stack. */
    if (cfa <= walker->sp || !read_word(walker, cfa - 8, &walker->pc))
        return false;
    if (rule->rbp_at != UNWIND_RBP_SAME && !read_word(walker, rbp_at + (uintptr_t)(intptr_t)rule->rbp_at, &walker->bp))
        return false;
    walker->sp = cfa;
    walker->exact = false;
    return true;
}

/* The instruction that a frame is in, and its rule. Before a return address is the call; but to a signal trampoline and to the
   start of a context a function returns that was not called from there. */
static uintptr_t frame_pc(uintptr_t pc, bool exact, struct unwind_rule *ret_rule)
{
    if (pc == settings.context_start && !exact) {
        *ret_rule = (struct unwind_rule){.kind = UNWIND_END};
        return pc;
    }
    *ret_rule = unwind_rule_get(exact ? pc : pc - 1);
    return exact || ret_rule->kind == UNWIND_SIGNAL ? pc : pc - 1;
}

/* Keeps one frame; returns the new depth. */
static uint32_t keep(uintptr_t pc, uintptr_t *pcs, uint32_t depth)
{
    if (within(pc, settings.own_code))
        return within(pc, settings.start_routine) ? depth : 0;
    pcs[depth] = pc;
    return depth + 1;
}

static uint32_t depth_to_walk(void)
{
    return settings.depth < INSIDE_MAX ? INSIDE_MAX : settings.depth;
}

enum walk_end { WALK_COMPLETE, WALK_TRUNCATED, WALK_NEEDS_LIBUNWIND };

static enum walk_end walk(struct walker *walker, uintptr_t *pcs, uint32_t *ret_depth)
{
    uint32_t limit = depth_to_walk();

    *ret_depth = 0;
    for (;;) {
        struct unwind_rule rule;
        uintptr_t pc = frame_pc(walker->pc, walker->exact, &rule);

        *ret_depth = keep(pc, pcs, *ret_depth);
        if (rule.kind == UNWIND_END)
            return WALK_COMPLETE;
        if (rule.kind == UNWIND_LIBUNWIND)
            return WALK_NEEDS_LIBUNWIND;
        if (rule.kind == UNWIND_UNKNOWN || *ret_depth == limit)
            return WALK_TRUNCATED;
        if (rule.kind == UNWIND_SIGNAL ? !step_signal(walker) : !step(walker, &rule))
            return WALK_TRUNCATED;
    }
}

struct libunwind_reader {
    struct walker walker;
    uintptr_t *pcs;
    uint32_t depth;
    uint32_t limit;
    bool complete;
};

static bool read_for_libunwind(void *context, uintptr_t addr, uintptr_t *ret_word)
{
    struct libunwind_reader *reader = context;

    return read_word(&reader->walker, addr, ret_word);
}

static bool keep_for_libunwind(void *context, uintptr_t address, bool exact)
{
    struct libunwind_reader *reader = context;
    struct unwind_rule rule;
    uintptr_t pc = frame_pc(address, exact, &rule);

    reader->depth = keep(pc, reader->pcs, reader->depth);
    reader->complete = rule.kind == UNWIND_END;
    return !reader->complete && reader->depth < reader->limit;
}

/* The same stack by libunwind, from inside the hook outward; the hook's own frame makes it forget what is inside.
   False when libunwind cannot be used. */
static bool walk_by_libunwind(const struct stack_bounds *bounds, uintptr_t *pcs, uint32_t *ret_depth, enum walk_end *ret_end)
{
    struct libunwind_reader reader = {
        .walker = {.checked_page = NO_PAGE, .bounds = *bounds}, .pcs = pcs, .limit = depth_to_walk()};
    struct stack_libunwind_visitor visitor = {.read = read_for_libunwind, .visit = keep_for_libunwind, .context = &reader};

    if (!stack_libunwind_walk(&visitor))
        return false;
    *ret_depth = reader.depth;
    *ret_end = reader.complete ? WALK_COMPLETE : WALK_TRUNCATED;
    return true;
}

static struct stack make_stack(uintptr_t *pcs, uint32_t depth, enum walk_end end)
{
    return (struct stack){
        .pcs = pcs,
        .depth = depth < settings.depth ? depth : settings.depth,
        .epoch = epoch_module(),
        .truncated = end != WALK_COMPLETE || depth > settings.depth,
    };
}

static void check(const struct stack_bounds *bounds, const struct stack *stack, uintptr_t *pcs)
{
    struct stack other;
    enum walk_end end;
    uint32_t depth;

    if (__atomic_add_fetch(&settings.captures, 1, __ATOMIC_RELAXED) % settings.check != 0)
        return;
    if (!walk_by_libunwind(bounds, pcs, &depth, &end))
        return;
    other = make_stack(pcs, depth, end);
    counters_add(COUNTER_CHECKED_STACKS, 1);
    if (other.truncated != stack->truncated || other.depth != stack->depth ||
        memcmp(other.pcs, stack->pcs, other.depth * sizeof(pcs[0])) != 0)
        counters_add(COUNTER_MISMATCHED_STACKS, 1);
}

void stack_capture(const struct stack_frame *caller, const struct stack_bounds *bounds, uintptr_t *pcs, struct stack *ret_stack)
{
    struct walker walker = {
        .pc = caller->pc, .sp = caller->sp, .bp = caller->bp, .checked_page = NO_PAGE, .bounds = *bounds};
    uint32_t depth;
    enum walk_end end = walk(&walker, pcs, &depth);

    if (end == WALK_NEEDS_LIBUNWIND && !walk_by_libunwind(bounds, pcs, &depth, &end))
        end = WALK_TRUNCATED;
    *ret_stack = make_stack(pcs, depth, end);
    if (settings.check != 0)
        check(bounds, ret_stack, pcs + STACK_DEPTH_MAX);
}
