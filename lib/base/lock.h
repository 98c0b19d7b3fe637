/*
 * A mutex for the store: one word, no allocation, usable from the first instruction of the process and after fork.
 *
 * Waiting is bounded: the host comes first, so a lock that cannot be had within LOCK_WAIT_MS (its owner was stopped, or left
 * by longjmp from a signal handler) is given up, counted, and the caller drops its event. In debug builds the order of
 * ranks is checked.
 */
#ifndef LEAKTRACE_BASE_LOCK_H
#define LEAKTRACE_BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#define LOCK_WAIT_MS 1000

/* Locks are taken in this order, never the other way round. */
enum lock_rank {
    LOCK_RANK_DUMP,
    LOCK_RANK_LOADER,
    LOCK_RANK_MODULE,
    LOCK_RANK_THREAD,
    LOCK_RANK_HEAP,
    LOCK_RANK_SITE,
    LOCK_RANK_THREAD_STATE,
    LOCK_RANK_UNWIND,
    LOCK_RANK_ARENA,
    LOCK_RANK_MAX
};

struct lock {
    int word; /* 0 free, 1 held, 2 held and somebody waits */
    enum lock_rank rank;
    const void *owner; /* something of its thread's */
};

#define LOCK_INIT(r) {.word = 0, .rank = (r)}

/* Takes the lock; false when it could not be had within LOCK_WAIT_MS. */
bool lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
/* Gives back what the calling thread holds: it has left those who took it, by longjmp from a signal handler. What they protect
   is valid at any instant. */
void lock_release_left(void);
/* Makes the lock free whoever held it: for the child of fork, in which the owner does not exist. */
void lock_reset(struct lock *lock);

/* How often a lock was given up since the start of the process. */
uint64_t lock_timeouts(void);
/* How often somebody had to sleep for one. */
uint64_t lock_waits(void);

#endif
