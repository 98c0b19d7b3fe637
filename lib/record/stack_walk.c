/* The steps of a walk. Owns what is known of leaktrace's own code; called by record/stack and record/stack_cache. Takes no lock for
   addresses that were seen before. */
#include "record/stack_walk.h"

#include "base/sys.h"

#include <stddef.h>
#include <ucontext.h>

#define PAGE_MASK (~4095ul)

struct walk_settings walk_settings = {.context_start = UINTPTR_MAX};

void walk_set_own_code(struct stack_bounds code, struct stack_bounds start_routine)
{
    walk_settings.own_code = code;
    walk_settings.start_routine = start_routine;
}

void walk_find_context_start(void)
{
    char room[512] __attribute__((aligned(16)));
    ucontext_t context;

    if (getcontext(&context) != 0)
        return;
    context.uc_stack = (stack_t){.ss_sp = room, .ss_size = sizeof(room)};
    context.uc_link = NULL;
    makecontext(&context, walk_find_context_start, 0);
    walk_settings.context_start = *(const uintptr_t *)context.uc_mcontext.gregs[REG_RSP];
}

/* Reads outside of the thread's stack cannot be trusted, nor will they be the same the next time. */
WALK_READS_STACK static __attribute__((noinline)) bool read_outside(struct walker *walker, uintptr_t addr, uintptr_t *ret_word)
{
    walker->unrepeatable = true;
    if ((addr & 7) != 0 || ((addr & PAGE_MASK) != walker->checked_page && !sys_readable(addr)))
        return false;
    walker->checked_page = addr & PAGE_MASK;
    *ret_word = *(const uintptr_t *)addr;
    return true;
}

WALK_READS_STACK inline bool walk_read(struct walker *walker, uintptr_t addr, uintptr_t *ret_word)
{
    if (__builtin_expect((addr & 7) != 0 || !stack_bounds_have(&walker->bounds, addr), 0))
        return read_outside(walker, addr, ret_word);
    *ret_word = *(const uintptr_t *)addr;
    return true;
}

/* The step over a signal trampoline, to the interrupted function. */
static __attribute__((noinline)) bool step_signal(struct walker *walker, struct walk_reads *ret_reads)
{
    const ucontext_t *context = (const ucontext_t *)walker->state.sp;
    struct walk_state caller;

    *ret_reads = (struct walk_reads){
        .pc = (const uintptr_t *)&context->uc_mcontext.gregs[REG_RIP],
        .sp = (const uintptr_t *)&context->uc_mcontext.gregs[REG_RSP],
        .bp = (const uintptr_t *)&context->uc_mcontext.gregs[REG_RBP],
        .what = WALK_READ_PC | WALK_READ_SP | WALK_READ_BP,
    };
    if (!walk_read(walker, (uintptr_t)ret_reads->pc, &caller.pc) || !walk_read(walker, (uintptr_t)ret_reads->sp, &caller.sp) ||
        !walk_read(walker, (uintptr_t)ret_reads->bp, &caller.bp))
        return false;
    walker->state = caller;
    walker->exact = true;
    return true;
}

/* The step where gcc has realigned the stack: a word says where the frame ends. */
static __attribute__((noinline)) bool step_realigned(struct walker *walker, struct unwind_rule rule, struct walk_reads *ret_reads)
{
    const struct walk_state *state = &walker->state;
    struct walk_state caller;

    ret_reads->sp = (const uintptr_t *)(state->bp + (uintptr_t)(intptr_t)rule.cfa);
    ret_reads->bp = (const uintptr_t *)(state->bp + (uintptr_t)(intptr_t)rule.rbp_at);
    ret_reads->what = WALK_READ_PC | WALK_READ_SP | WALK_READ_BP | WALK_USES_BP;
    if (!walk_read(walker, (uintptr_t)ret_reads->sp, &caller.sp) || caller.sp <= state->sp)
        return false;
    ret_reads->pc = (const uintptr_t *)(caller.sp - 8);
    if (!walk_read(walker, caller.sp - 8, &caller.pc) || !walk_read(walker, (uintptr_t)ret_reads->bp, &caller.bp))
        return false;
    walker->state = caller;
    walker->exact = false;
    return true;
}

static __attribute__((noinline)) bool step(struct walker *walker, struct unwind_rule rule, struct walk_reads *ret_reads)
{
    uintptr_t base = rule.kind == UNWIND_RSP ? walker->state.sp : walker->state.bp;
    uintptr_t cfa = base + (uintptr_t)(intptr_t)rule.cfa;
    uintptr_t pc;

    ret_reads->pc = (const uintptr_t *)(cfa - 8);
    ret_reads->what = WALK_READ_PC | (rule.kind == UNWIND_RSP ? 0 : WALK_USES_BP);
    /* A caller's frame lies further out on the same stack. */
    if (cfa <= walker->state.sp || !walk_read(walker, cfa - 8, &pc))
        return false;
    if (rule.rbp_at != UNWIND_RBP_SAME) {
        ret_reads->bp = (const uintptr_t *)(cfa + (uintptr_t)(intptr_t)rule.rbp_at);
        ret_reads->what |= WALK_READ_BP;
        if (!walk_read(walker, (uintptr_t)ret_reads->bp, &walker->state.bp))
            return false;
    }
    walker->state.pc = pc;
    walker->state.sp = cfa;
    walker->exact = false;
    return true;
}

static inline uintptr_t address_of(uintptr_t pc, bool exact, struct unwind_rule *ret_rule)
{
    if (pc == walk_settings.context_start && !exact) {
        *ret_rule = (struct unwind_rule){.kind = UNWIND_END};
        return pc;
    }
    *ret_rule = unwind_rule_get(exact ? pc : pc - 1);
    return exact || ret_rule->kind == UNWIND_SIGNAL ? pc : pc - 1;
}

uintptr_t walk_address(uintptr_t pc, bool exact, struct unwind_rule *ret_rule)
{
    return address_of(pc, exact, ret_rule);
}

enum walk_end walk_step(struct walker *walker, uintptr_t *ret_address, struct walk_reads *ret_reads)
{
    struct unwind_rule rule;
    bool done;

    ret_reads->what = 0;
    *ret_address = address_of(walker->state.pc, walker->exact, &rule);
    switch (rule.kind) {
    case UNWIND_END:
        return WALK_COMPLETE;
    case UNWIND_UNKNOWN:
        return WALK_TRUNCATED;
    case UNWIND_LIBUNWIND:
        return WALK_NEEDS_LIBUNWIND;
    case UNWIND_SIGNAL:
        done = step_signal(walker, ret_reads);
        break;
    case UNWIND_RBP_DEREF:
        done = step_realigned(walker, rule, ret_reads);
        break;
    default:
        done = step(walker, rule, ret_reads);
        break;
    }
    walker->unrepeatable |= !done;
    return done ? WALK_ON : WALK_TRUNCATED;
}
