/*
 * What each thread carries: a few words of initial-exec TLS, without a destructor, and a state, taken from a pool.
 *
 * The guard keeps leaktrace from recording itself: events that arrive while the thread is inside a recording are left out
 * (they come from a signal handler that interrupted it) and counted.
 */
#ifndef LEAKTRACE_RECORD_GUARD_H
#define LEAKTRACE_RECORD_GUARD_H

#include "base/sampler.h"
#include "record/stack_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* That a thread has ended the kernel knows, but not ThreadSanitizer. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define GUARD_TSAN(what, state) __tsan_##what((void *)(state))
#else
#define GUARD_TSAN(what, state) ((void)(state))
#endif

struct thread_entry;

struct thread_state {
    struct thread_entry *entry; /* of the table of threads; NULL: not created by pthread_create */
    pid_t tid;
    bool idle;
    struct thread_state *next_all;
    struct thread_state *next_idle;
    struct stack_cache stacks;
};

struct guard {
    bool busy;
    unsigned ignoring;         /* leaktrace_ignore_begin() less leaktrace_ignore_end() */
    uintptr_t busy_at;         /* the stack pointer of who made it busy */
    uintptr_t last_acquired;   /* the heap block that was recorded last, see record_heap_enter() */
    uint64_t last_size;        /* its size */
    uintptr_t being_released;  /* by an outer hook that has recorded it already */
    struct thread_state *state;
    struct sampler sampler;
};

extern __thread struct guard guard __attribute__((tls_model("initial-exec")));

/* Enters a recording; false when the thread is in one already. */
static inline __attribute__((always_inline)) bool guard_enter(void)
{
    register uintptr_t sp __asm__("rsp");
    uintptr_t here;

    __asm__("" : "=r"(here) : "0"(sp));
    if (__builtin_expect(guard.busy, 0))
        return false;
    guard.busy = true;
    guard.busy_at = here;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

static inline void guard_leave(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    GUARD_TSAN(release, guard.state);
    guard.busy = false;
}

/* The thread's state, made on first use; NULL when there is no memory. Inside the guard only. */
struct thread_state *guard_make_state(void);

static inline struct thread_state *guard_state(void)
{
    return __builtin_expect(guard.state != NULL, 1) ? guard.state : guard_make_state();
}

/* The thread goes on at this stack pointer, by longjmp out of a signal handler: the recording that it was in, if it was further in
   on the same stack, is no more, and what it held is given back. */
void guard_jump(uintptr_t sp);
/* The thread is about to end: its state may go to another one when it is gone. */
void guard_thread_ends(void);
/* In the child of fork: the forking thread is the only one. */
void guard_after_fork(void);

#endif
