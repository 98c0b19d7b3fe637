/*
 * How to get from one frame to the frame that called it, for every address that was ever in a stack: two words each.
 *
 * A rule is a pure function of the code at its address. Rules come from .eh_frame once and are then found without a lock;
 * rules of an unloaded module are forgotten by unwind_rule_forget().
 */
#ifndef LEAKTRACE_RECORD_UNWIND_RULE_H
#define LEAKTRACE_RECORD_UNWIND_RULE_H

#include <stdbool.h>
#include <stddef.h>
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

#define UNWIND_RBP_MAX INT16_MAX
#define UNWIND_RBP_SAME INT16_MIN

struct unwind_rule {
    int32_t cfa;
    int16_t rbp_at; /* where the caller's rbp is, from the CFA; UNWIND_RBP_SAME: still in rbp */
    uint8_t kind;   /* enum unwind_kind */
};

#define UNWIND_FORGOTTEN 1ul /* the address of a slot that can be used again */

/* The table as it is now: open addressing by address. */
struct unwind_rules {
    uint64_t mask;
    uint64_t used;
    struct unwind_slot {
        uintptr_t pc; /* 0: none */
        struct unwind_rule rule;
    } slots[];
};

extern __attribute__((visibility("hidden"))) struct unwind_rules *unwind_rules_now;
/* The rule of an address that is not in the table yet. */
struct unwind_rule unwind_rule_read(uintptr_t pc);

static inline uint64_t unwind_rule_hash(uintptr_t pc)
{
    return pc * 0x9e3779b97f4a7c15u >> 20;
}

static inline const struct unwind_rules *unwind_rules_get(void)
{
    return __atomic_load_n(&unwind_rules_now, __ATOMIC_ACQUIRE);
}

static inline const struct unwind_slot *unwind_rule_slot(const struct unwind_rules *rules, uintptr_t pc)
{
    const uint64_t mask = rules->mask;

    for (uint64_t i = unwind_rule_hash(pc);; i++) {
        const struct unwind_slot *slot = &rules->slots[i & mask];
        uintptr_t found = __atomic_load_n(&slot->pc, __ATOMIC_ACQUIRE);

        if (found == pc && pc > UNWIND_FORGOTTEN)
            return slot;
        if (found == 0)
            return NULL;
    }
}

/* The rule for the instruction at `pc`. */
static inline struct unwind_rule unwind_rule_get(uintptr_t pc)
{
    const struct unwind_slot *slot = unwind_rule_slot(unwind_rules_get(), pc);

    return slot != NULL ? slot->rule : unwind_rule_read(pc);
}

/* Forgets the rules of [start, limit): the code there is gone. */
void unwind_rule_forget(uintptr_t start, uintptr_t limit);
/* From here on until as many calls of unwind_rule_resume(), each rule is read anew, and no stack is taken for one that was
   captured before: a module may go, and another come to its place, before its rules are forgotten. False, and there is nothing
   to resume, if the lock cannot be had. */
bool unwind_rule_suspend(void);
void unwind_rule_resume(void);
bool unwind_rule_is_suspended(void);
/* In the child of fork: the lock's owner may not exist. */
void unwind_rule_after_fork(void);

#endif
