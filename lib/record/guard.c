/*
 * The states of threads. Owns the pool; called by record/record.
 *
 * No thread tells when it has run its last hook: destructors of the program run after everything that could be hooked. So a
 * state is given to another thread only when the kernel no longer knows the one it belonged to.
 */
#include "record/guard.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"
#include "record/record.h"
#include "store/heap_table.h"

#include <errno.h>
#include <signal.h>

#define SHARE_WAIT_NS 1000000

__thread struct guard guard __attribute__((tls_model("initial-exec")));

static struct {
    struct lock lock;
    struct thread_state *all;
    struct thread_state *first_idle; /* in the order in which their threads ended */
    struct thread_state *last_idle;
    unsigned n_all;
    unsigned sweep_at; /* at so many states those of threads that ended unseen are looked for */
} pool = {.lock = LOCK_INIT(LOCK_RANK_THREAD_STATE)};

static void add_idle(struct thread_state *state)
{
    if (state->idle)
        return;
    state->idle = true;
    state->next_idle = NULL;
    if (pool.last_idle != NULL)
        pool.last_idle->next_idle = state;
    else
        pool.first_idle = state;
    pool.last_idle = state;
}

static struct thread_state *remove_first_idle(void)
{
    struct thread_state *state = pool.first_idle;

    state->idle = false;
    pool.first_idle = state->next_idle;
    if (pool.first_idle == NULL)
        pool.last_idle = NULL;
    return state;
}

/* The kernel no longer knows the thread: all that it wrote is there to see. */
static bool has_ended(const struct thread_state *state)
{
    if (sys_tgkill(sys_getpid(), state->tid, 0) != -ESRCH)
        return false;
    GUARD_TSAN(acquire, state);
    return true;
}

/* The one that ended first, if it is gone; if not, or if another thread has its number now, the next caller tries the next. */
static struct thread_state *take_idle(void)
{
    struct thread_state *state;

    if (pool.first_idle == NULL)
        return NULL;
    state = remove_first_idle();
    if (state->tid == 0 || has_ended(state))
        return state;
    add_idle(state);
    return NULL;
}

static struct thread_state *make(void)
{
    struct thread_state *state = memory_map(sizeof(*state)); /* of which a thread that does little touches little */

    if (state == NULL)
        return NULL;
    stack_cache_init(&state->stacks);
    pool.n_all++;
    state->next_all = pool.all;
    pool.all = state;
    return state;
}

/* Threads that no hook saw end (they were made by clone) leave their states behind. */
static void sweep(void)
{
    unsigned live = 0;

    if (pool.n_all < pool.sweep_at)
        return;
    for (struct thread_state *state = pool.all; state != NULL; state = state->next_all) {
        if (state->idle)
            continue;
        if (has_ended(state))
            add_idle(state);
        else
            live++;
    }
    pool.sweep_at = pool.n_all > 2 * live + 64 ? pool.n_all : 2 * live + 64;
}

/* A second thread. The creation of most is seen, by record_thread_create(). Of others the first event is: what the first thread
   had begun to record as the only one is done by the time of a short sleep. */
static void share(void)
{
    if (heap_table_share())
        sys_sleep_ns(SHARE_WAIT_NS);
}

struct thread_state *guard_make_state(void)
{
    struct thread_state *state;

    /* In a child of vfork it would bear the child's number, and be used by the parent. */
    if (!record_is_own_process() || !lock_acquire(&pool.lock))
        return NULL;
    if (pool.all != NULL)
        share();
    state = take_idle();
    if (state == NULL) {
        sweep();
        state = take_idle();
    }
    if (state == NULL)
        state = make();
    if (state != NULL)
        __atomic_store_n(&state->tid, sys_gettid(), __ATOMIC_RELAXED); /* before another thread's sweep can see that of the one before */
    lock_release(&pool.lock);
    if (state == NULL)
        return NULL;
    state->entry = NULL;
    stack_cache_reset(&state->stacks, state->tid == sys_getpid() ? stack_bounds_main() : (struct stack_bounds){0});
    guard.state = state;
    return state;
}

/* The alternate stack may lie inside of the thread's. */
static bool is_on_alternate_stack(uintptr_t sp)
{
    stack_t stack;

    return SYS_CALL(SYS_sigaltstack, 0, &stack, 0, 0) != 0 ||
           ((stack.ss_flags & SS_DISABLE) == 0 && sp - (uintptr_t)stack.ss_sp < stack.ss_size);
}

void guard_jump(uintptr_t sp)
{
    struct thread_state *state = guard.state;

    if (!guard.busy || state == NULL || sp <= guard.busy_at || !stack_bounds_have(&state->stacks.bounds, guard.busy_at) ||
        !stack_bounds_have(&state->stacks.bounds, sp) || is_on_alternate_stack(sp))
        return;
    lock_release_left();
    stack_cache_was_left(&state->stacks);
    guard.being_released = 0;
    guard.busy = false;
}

void guard_thread_ends(void)
{
    if (guard.state == NULL || !lock_acquire(&pool.lock))
        return;
    add_idle(guard.state);
    lock_release(&pool.lock);
}

void guard_after_fork(void)
{
    lock_reset(&pool.lock);
    pool.first_idle = NULL;
    pool.last_idle = NULL;
    for (struct thread_state *state = pool.all; state != NULL; state = state->next_all) {
        state->tid = 0;
        state->idle = false;
        if (state != guard.state)
            add_idle(state);
    }
    if (guard.state != NULL)
        guard.state->tid = sys_gettid();
}
