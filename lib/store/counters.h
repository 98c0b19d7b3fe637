/*
 * What went wrong, counted: every dump carries these, so that its figures can be doubted.
 *
 * Thread-safe, without locks.
 */
#ifndef LEAKTRACE_STORE_COUNTERS_H
#define LEAKTRACE_STORE_COUNTERS_H

#include <stdint.h>

enum counter {
    COUNTER_DROPPED_MEMORY,  /* events not recorded for want of memory */
    COUNTER_DROPPED_LOCK,    /* events not recorded because a lock could not be had in time */
    COUNTER_DROPPED_NESTED,  /* events from a signal handler that interrupted leaktrace itself */
    COUNTER_REPLACED,        /* a resource was acquired again that was never seen released */
    COUNTER_UNKNOWN_RELEASE, /* a heap block was freed that was never seen acquired */
    COUNTER_STALE_FDS,       /* descriptors in the table that the kernel does not know (any more) */
    COUNTER_CHECKED_STACKS,  /* stacks held against libunwind's walk (option check) */
    COUNTER_MISMATCHED_STACKS,
    COUNTER_MAX
};

extern const char *const counter_names[COUNTER_MAX];

void counters_add(enum counter counter, uint64_t n);
uint64_t counters_get(enum counter counter);
/* All events that were dropped, for whatever reason. */
uint64_t counters_dropped(void);

#endif
