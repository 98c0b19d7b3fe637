/*
 * Out of a hook that was called inside of another one: C++'s operator new calls malloc.
 *
 * Such a stack is shown from the caller of the outer hook. Where the way to it is known it takes two comparisons instead of a
 * walk: through the function that the outer hook called, and through the outer hook, which has a frame pointer. Both are steps
 * by unwind rules, made with constants instead of lookups; a way that cannot be had so is not learned.
 */
#ifndef LEAKTRACE_RECORD_STACK_EXIT_H
#define LEAKTRACE_RECORD_STACK_EXIT_H

#include "record/stack.h"

#include <stdint.h>

#define STACK_EXITS 16u

struct stack_exit {
    uintptr_t pc;      /* where the inner hook returns to; 0: none */
    uintptr_t own_pc;  /* where that function returns to, in the outer hook */
    int32_t own_pc_at; /* from sp */
    int32_t bp_at;     /* from sp: where the outer hook's rbp is; UNWIND_RBP_SAME: in rbp */
};

/* Keeps the way, if it is one, between two frames that follow each other. Forgotten by zeroes. */
void stack_exit_learn(struct stack_exit *exits, uintptr_t inner_pc, uintptr_t own_pc);
/* The outer hook's frame where the way from this hook is known; else the hook's own. */
const struct stack_frame *stack_exit_find(const struct stack_exit *exits, const struct stack_bounds *bounds,
                                          const struct stack_frame *hook);

#endif
