/* What every recording does first and last. For the files of record/. */
#ifndef LEAKTRACE_RECORD_EVENT_H
#define LEAKTRACE_RECORD_EVENT_H

#include "record/guard.h"
#include "store/counters.h"
#include "store/kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct record_settings {
    uint32_t kinds;
    void (*at_next_allocation)(void);
    pid_t pid;
    bool keeps_ignored;
};

extern struct record_settings record_settings;

static inline bool event_is_wanted(enum kind kind)
{
    return (__atomic_load_n(&record_settings.kinds, __ATOMIC_RELAXED) >> kind & 1) != 0;
}

static inline bool event_acquire_is_wanted(enum kind kind)
{
    return guard.ignoring == 0 && event_is_wanted(kind);
}

/* Enters the guard for an event that is wanted. */
static inline bool event_enter(void)
{
    if (guard_enter())
        return true;
    counters_add(COUNTER_DROPPED_NESTED, 1);
    return false;
}

static inline bool event_begin(enum kind kind)
{
    return event_is_wanted(kind) && event_enter();
}

static inline void event_end(void)
{
    guard_leave();
}

/* The caller's stack, which has a site; NULL, and counted as dropped, when there is no memory. Inside the guard only; good until
   the next call. */
static inline struct stack_leaf *event_stack(enum kind kind, const struct stack_frame *hook)
{
    struct thread_state *state = guard_state();
    struct stack_leaf *leaf = state == NULL ? NULL : stack_capture(&state->stacks, kind, hook);

    if (__builtin_expect(leaf == NULL, 0))
        counters_add(COUNTER_DROPPED_MEMORY, 1);
    return leaf;
}

#endif
