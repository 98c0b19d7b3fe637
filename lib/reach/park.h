/*
 * The program's threads stand still while its memory is looked at, and say where their stacks begin.
 *
 * A signal of libc's own (that of setuid) is queued for each thread with a value that tells it from libc's; no mask that libc
 * sets holds it back. The handler waits, for a bounded time, until it is let go. A thread that ends the process and waits for
 * its last dump has blocked every signal: it says so before (park_stand). See decisions/0010.
 */
#ifndef LEAKTRACE_REACH_PARK_H
#define LEAKTRACE_REACH_PARK_H

#include "reach/ranges.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of libc, its SIGSETXID: who changes the user waits until each thread has taken it. libc's own handler passes over what was
   queued by value. */
#define SIGNAL_OF_SETUID 33

/* One that stands still. What it had in its registers is in the two ranges. */
struct parked {
    pid_t tid;
    uintptr_t sp; /* what lies further in on its stack is nobody's any more */
    uintptr_t tp; /* its control block: libc's struct pthread */
    struct range registers[2];
};

struct parked_threads {
    const struct parked *items;
    unsigned count;
    unsigned missed;  /* that go on: they could not be reached, or not in time */
    pid_t own_thread; /* the calling thread, as libc knows it, if it is leaktrace's; else 0 */
};

/* Milliseconds after which a thread goes on by itself: whoever looks at its memory has to be done by then. */
#define PARK_LIMIT_MS 60000

/* Stops all threads but the calling one and those of leaktrace's own (park_exempt). By one thread at a time. */
void park_all(struct parked_threads *ret_parked);
/* Lets them go. */
void park_end(void);

/* These tasks are leaktrace's, and go on. */
void park_exempt(pid_t thread, pid_t worker);
/* The calling thread will not go on before the process ends: all that it may still use is at `sp` and further out on its stack,
   and in `n` registers, at most PARK_REGISTERS. If too many others do the same it is missed. Safe in a signal handler. */
#define PARK_REGISTERS 6u
void park_stand(uintptr_t sp, const uintptr_t *registers, unsigned n);
/* It goes on. */
void park_go_on(void);
/* The same for one that was interrupted by a signal; `context` is its ucontext_t. */
void park_stand_at(const void *context);
/* In the child of fork. */
void park_after_fork(void);

#endif
