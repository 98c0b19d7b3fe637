/*
 * How to get from one frame to the frame that called it, for every address that was ever in a stack: two words each.
 *
 * A rule is a pure function of the code at its address. Rules come from .eh_frame once and are then found without a lock;
 * rules of an unloaded module are forgotten by unwind_rule_forget().
 */
#ifndef LEAKTRACE_RECORD_UNWIND_RULE_H
#define LEAKTRACE_RECORD_UNWIND_RULE_H

#include <stdint.h>

enum unwind_kind {
    UNWIND_UNKNOWN,   /* no unwind table covers the address */
    UNWIND_END,       /* the outermost frame: a start function */
    UNWIND_RSP,       /* CFA = rsp + cfa */
    UNWIND_RBP,       /* CFA = rbp + cfa */
    UNWIND_RBP_DEREF, /* CFA = the word at rbp + cfa; rbp is saved at rbp + rbp_at (stack realigned by gcc) */
    UNWIND_SIGNAL,    /* a signal trampoline: rsp points to the ucontext */
    UNWIND_LIBUNWIND, /* the table says what these kinds cannot express */
};

#define UNWIND_RBP_SAME INT32_MIN

struct unwind_rule {
    enum unwind_kind kind;
    int32_t cfa;
    int32_t rbp_at; /* where the caller's rbp is, from the CFA; UNWIND_RBP_SAME: still in rbp */
};

/* The rule for the instruction at `pc`. */
struct unwind_rule unwind_rule_get(uintptr_t pc);
/* Forgets the rules of [start, limit): the code there is gone. */
void unwind_rule_forget(uintptr_t start, uintptr_t limit);
/* In the child of fork: the lock's owner may not exist. */
void unwind_rule_after_fork(void);

#endif
