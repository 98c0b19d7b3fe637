/*
 * From one frame to the frame that called it, by unwind rules (record/unwind_rule).
 *
 * A step is a pure function of the frame's state, of the rule of its address, and of the words that it reads; it tells which
 * words these are. Reads stay within the thread's known stack or are asked of the kernel first.
 */
#ifndef LEAKTRACE_RECORD_STACK_WALK_H
#define LEAKTRACE_RECORD_STACK_WALK_H

#include "record/unwind_rule.h"

#include <stdbool.h>
#include <stdint.h>

/* The memory of a thread's stack; addresses outside of it are checked before they are read. */
struct stack_bounds {
    uintptr_t low;
    uintptr_t high;
};

static inline bool stack_bounds_have(const struct stack_bounds *bounds, uintptr_t addr)
{
    return addr - bounds->low < bounds->high - bounds->low;
}

/* All that decides what lies outside of a frame, together with the memory of the stack. */
struct walk_state {
    uintptr_t pc; /* where the frame goes on */
    uintptr_t sp;
    uintptr_t bp;
};

/* What a step has read, and depends on. Where it says so, the pointers say where; else they say nothing. */
enum walk_read {
    WALK_READ_PC = 1,
    WALK_READ_SP = 2, /* else it was computed */
    WALK_READ_BP = 4, /* else it is as it was */
    WALK_USES_BP = 8, /* beyond passing it on */
};

struct walk_reads {
    const uintptr_t *pc;
    const uintptr_t *sp;
    const uintptr_t *bp;
    unsigned what; /* walk_read */
};

struct walker {
    struct walk_state state;
    bool exact; /* pc is the next instruction of an interrupted function, not a return address */
    bool unrepeatable; /* has read outside of the bounds, or failed by what it has read: the next walk may differ */
    struct stack_bounds bounds;
    uintptr_t checked_page;
    struct walk_reads reads; /* room for those of a step that is not to take the program's stack */
};

/* Of functions that read the program's stack, all of it: what a sanitizer says of a word there is not for them. */
#define WALK_READS_STACK __attribute__((no_sanitize("address")))

#define WALKER_AT(at_pc, at_sp, at_bp, in_bounds)                                                                              \
    {.state = {.pc = (at_pc), .sp = (at_sp), .bp = (at_bp)}, .bounds = (in_bounds), .checked_page = 1} /* no page's address */

enum walk_end {
    WALK_ON,              /* the walker is at the caller's frame */
    WALK_COMPLETE,        /* the frame is an outermost one */
    WALK_TRUNCATED,       /* the caller's frame cannot be found */
    WALK_NEEDS_LIBUNWIND, /* nor by a rule, but perhaps by libunwind */
};

enum walk_frame_kind {
    WALK_FRAME_SHOWN,
    WALK_FRAME_INSIDE, /* leaktrace's own: it is left out with all that ran inside of it */
    WALK_FRAME_HIDDEN, /* left out alone: the routine that threads start in */
};

extern __attribute__((visibility("hidden"))) struct walk_settings {
    struct stack_bounds own_code;
    struct stack_bounds start_routine;
    uintptr_t context_start; /* where functions of makecontext return to */
} walk_settings; /* read by walk_step_usual() and walk_frame_kind() */

/* leaktrace's own code, and in it the routine that threads start in. */
void walk_set_own_code(struct stack_bounds code, struct stack_bounds start_routine);
/* Finds where the stacks of makecontext end; to be called once, from ordinary code. Until then they are marked truncated. */
void walk_find_context_start(void);

/* Reads a word of the stack; false when it cannot be read. */
bool walk_read(struct walker *walker, uintptr_t addr, uintptr_t *ret_word);
/* The instruction that a frame is in, and its rule. Before a return address is the call; but to a signal trampoline and to the
   start of a context a function returns that was not called from there. */
uintptr_t walk_address(uintptr_t pc, bool exact, struct unwind_rule *ret_rule);
static inline enum walk_frame_kind walk_frame_kind(uintptr_t address)
{
    if (__builtin_expect(!stack_bounds_have(&walk_settings.own_code, address), 1))
        return WALK_FRAME_SHOWN;
    return stack_bounds_have(&walk_settings.start_routine, address) ? WALK_FRAME_HIDDEN : WALK_FRAME_INSIDE;
}

static inline bool walk_is_within(const struct stack_bounds *bounds, uintptr_t addr)
{
    return (addr & 7) == 0 && stack_bounds_have(bounds, addr);
}

/* Whether a step from a return address reads what its rule says and no more, and its frame is shown. */
static inline bool walk_is_usual(struct unwind_rule rule, uintptr_t pc)
{
    return (rule.kind == UNWIND_RSP || rule.kind == UNWIND_RBP) && pc != walk_settings.context_start &&
           walk_frame_kind(pc - 1) == WALK_FRAME_SHOWN;
}

/* The instruction that the walker's frame is in, and the step to its caller. */
enum walk_end walk_step(struct walker *walker, uintptr_t *ret_address, struct walk_reads *ret_reads);

#endif
