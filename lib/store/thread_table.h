/*
 * Live threads: those that were created and neither ended detached nor were joined.
 *
 * An entry is shared by the creating call, the thread itself and whoever joins it; each holds a reference. All functions
 * lock, none waits for a thread. A pthread_t can be used again as soon as a join has returned: a newer thread of the same
 * handle takes the older one's place.
 */
#ifndef LEAKTRACE_STORE_THREAD_TABLE_H
#define LEAKTRACE_STORE_THREAD_TABLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct thread_entry;

/* What the program asked the thread to do; kept in the entry until the thread runs. */
struct thread_start {
    void *(*routine)(void *);
    void *argument;
};

struct thread_row {
    uint32_t site; /* 0: it is not recorded; the entry only takes its start to it */
    uint32_t mark; /* number of the growth mark that was current when it was created */
    int64_t born_ns; /* CLOCK_MONOTONIC */
    uint64_t stack_bytes;
    uintptr_t routine; /* in which it starts */
    bool detached;
    bool ended; /* and not joined */
};

/* An entry for a thread that is about to be created, with two references: the creator's and the thread's. NULL when there is
   no memory. */
struct thread_entry *thread_table_prepare(const struct thread_row *row);
/* The creation failed: gives up both references. */
void thread_table_cancel(struct thread_entry *entry);
/* The thread has this handle and, if it has a site, counts from now on. Called by creator and thread, in either order. */
void thread_table_live(struct thread_entry *entry, pthread_t handle);
/* The thread ends; it stays until it is joined unless it is detached. Gives up the thread's reference. */
void thread_table_end(struct thread_entry *entry);
void thread_table_unref(struct thread_entry *entry);

/* The entry of a handle, with a reference for the caller; NULL when it is not known. */
struct thread_entry *thread_table_find(pthread_t handle);
/* The thread was joined: it no longer counts. */
void thread_table_joined(struct thread_entry *entry);
/* The thread was detached: it counts only until it ends. */
void thread_table_detach(struct thread_entry *entry);
/* Neither locks: what they give back does not change while the caller has a reference. */
uint32_t thread_table_site(const struct thread_entry *entry);
struct thread_start *thread_table_start(struct thread_entry *entry);
uint64_t thread_table_stack_bytes(const struct thread_entry *entry);

/* Calls `visit` for every live thread, under the lock: it must only add up. Returns how long that was held, in ns: a thread
   that is created or ends meanwhile waits. */
int64_t thread_table_visit(void (*visit)(const struct thread_row *row, void *context), void *context);

/* Calls `visit` with what is kept for each thread: the argument for its routine, NULL when it has ended; and the handle of one that
   has ended and is not joined, which keeps its result, else 0. Takes no lock: while the program's threads stand still. */
void thread_table_visit_kept(void (*visit)(const void *argument, pthread_t unjoined, void *context), void *context);

/* In the child of fork: only the forking thread exists; `self` is its entry, or NULL when it is not one of the table's. */
void thread_table_after_fork(struct thread_entry *self);

#endif
