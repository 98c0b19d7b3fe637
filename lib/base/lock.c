/* The bounded mutex. Owns the counts of waits and of given-up locks; called from every layer that shares state between threads. */
#include "base/lock.h"

#include "base/sys.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#define SPINS 64

static uint64_t timeouts;
static uint64_t waits;

#define NESTED_MAX 4

/* The last ones that the thread has asked for; more than these are never held at once. Without room behind: each thread pays. */
static __thread struct __attribute__((packed)) {
    struct lock *locks[NESTED_MAX];
    uint8_t next;
} asked_for __attribute__((tls_model("initial-exec"), aligned(8)));

#ifdef LEAKTRACE_DEBUG
static __thread unsigned held_ranks __attribute__((tls_model("initial-exec")));

static void order_enter(const struct lock *lock)
{
    if (held_ranks >> lock->rank)
        __builtin_trap();
    held_ranks |= 1u << lock->rank;
}

static void order_leave(const struct lock *lock)
{
    held_ranks &= ~(1u << lock->rank);
}
#else
static void order_enter(const struct lock *lock)
{
    (void)lock;
}

static void order_leave(const struct lock *lock)
{
    (void)lock;
}
#endif

static bool try_acquire(struct lock *lock)
{
    int expected = 0;

    return __atomic_compare_exchange_n(&lock->word, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool wait_for(struct lock *lock)
{
    int64_t deadline = 0;

    for (int i = 0; i < SPINS; i++) {
        if (try_acquire(lock))
            return true;
        __builtin_ia32_pause();
    }
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0) {
        const struct timespec slice = {.tv_nsec = 50 * 1000000};
        int64_t now = sys_monotonic_ns();

        if (deadline == 0) {
            __atomic_fetch_add(&waits, 1, __ATOMIC_RELAXED);
            deadline = now + (int64_t)LOCK_WAIT_MS * 1000000;
        }
        if (now > deadline) {
            __atomic_fetch_add(&timeouts, 1, __ATOMIC_RELAXED);
            return false;
        }
        sys_futex_wait(&lock->word, 2, &slice);
    }
    return true;
}

bool lock_acquire(struct lock *lock)
{
    asked_for.locks[asked_for.next++ % NESTED_MAX] = lock;
    if (!try_acquire(lock) && !wait_for(lock))
        return false;
    __atomic_store_n(&lock->owner, &asked_for, __ATOMIC_RELAXED);
    order_enter(lock);
    return true;
}

void lock_release(struct lock *lock)
{
    order_leave(lock);
    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        sys_futex_wake(&lock->word, 1);
}

void lock_release_left(void)
{
    for (unsigned i = 0; i < NESTED_MAX; i++)
        if (asked_for.locks[i] != NULL && __atomic_load_n(&asked_for.locks[i]->owner, __ATOMIC_RELAXED) == &asked_for)
            lock_release(asked_for.locks[i]);
}

void lock_reset(struct lock *lock)
{
    order_leave(lock);
    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
}

uint64_t lock_timeouts(void)
{
    return __atomic_load_n(&timeouts, __ATOMIC_RELAXED);
}

uint64_t lock_waits(void)
{
    return __atomic_load_n(&waits, __ATOMIC_RELAXED);
}
