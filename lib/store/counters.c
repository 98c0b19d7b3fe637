/* The counters of what went wrong. Owns them; incremented by record/ and snapshot/, read by snapshot/ and dump/. */
#include "store/counters.h"

#include "store/kind.h"

const char *const kind_names[KIND_MAX] = {
    [KIND_HEAP] = "heap",
    [KIND_FD] = "fd",
    [KIND_THREAD] = "thread",
};

const char *const counter_names[COUNTER_MAX] = {
    [COUNTER_DROPPED_MEMORY] = "dropped_memory",
    [COUNTER_DROPPED_LOCK] = "dropped_lock",
    [COUNTER_DROPPED_NESTED] = "dropped_nested",
    [COUNTER_REPLACED] = "replaced",
    [COUNTER_UNKNOWN_RELEASE] = "unknown_release",
    [COUNTER_STALE_FDS] = "stale_fds",
    [COUNTER_CHECKED_STACKS] = "checked_stacks",
    [COUNTER_MISMATCHED_STACKS] = "mismatched_stacks",
};

static uint64_t counters[COUNTER_MAX];

void counters_add(enum counter counter, uint64_t n)
{
    __atomic_fetch_add(&counters[counter], n, __ATOMIC_RELAXED);
}

uint64_t counters_get(enum counter counter)
{
    return __atomic_load_n(&counters[counter], __ATOMIC_RELAXED);
}

uint64_t counters_dropped(void)
{
    return counters_get(COUNTER_DROPPED_MEMORY) + counters_get(COUNTER_DROPPED_LOCK) + counters_get(COUNTER_DROPPED_NESTED);
}
