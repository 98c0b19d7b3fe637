/*
 * The end of the process: the destructor, and hooks of the calls that end it without one. Owns who ends it.
 *
 * The first who does makes the dump, or lets it be made. Who comes later waits until it is there: without leaktrace the process
 * would be gone by then.
 */
#include "life/life.h"

#include "base/sys.h"
#include "dump/control.h"
#include "hook/hook_thread.h"
#include "hook/real.h"
#include "reach/park.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ll
#define SIGNAL_PATIENCE_NS (10 * SECOND_NS)
#define OTHERS_PATIENCE_NS (30 * SECOND_NS)

static struct {
    pid_t tid;      /* of the thread that ends the process; 0: none yet */
    int over;       /* futex: 1 when the dump is there, or given up */
    bool by_signal; /* which kills as soon as it is over */
    bool unseen;    /* the first thread has ended without libc, which then ends the process without a call of exit */
} ending;

/* A child of vfork is not the process; a child of fork that has done nothing since has nothing to tell. */
static bool has_something_to_tell(void)
{
    enum life_stage stage = __atomic_load_n(&life.stage, __ATOMIC_ACQUIRE);

    return (stage == LIFE_RUNNING || stage == LIFE_ENDED) && life_is_own_process() &&
           (control_has_begun() || __atomic_load_n(&life_thread_is_away, __ATOMIC_ACQUIRE) > 0 || fork_child_begins_late());
}

static bool is_first(void)
{
    pid_t nobody = 0;

    return __atomic_compare_exchange_n(&ending.tid, &nobody, sys_gettid(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void wait_for_first(void)
{
    int64_t deadline = sys_monotonic_ns() + OTHERS_PATIENCE_NS;
    struct timespec slice = {.tv_nsec = 100000000};

    if (ending.tid == sys_gettid())
        return;
    while (!__atomic_load_n(&ending.over, __ATOMIC_ACQUIRE) && sys_monotonic_ns() < deadline)
        sys_futex_wait(&ending.over, 0, &slice);
    if (ending.by_signal)
        sys_sleep_ns(SECOND_NS - 1);
}

static void is_over(void)
{
    __atomic_store_n(&ending.over, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&ending.over, INT32_MAX);
}

static void make_last_dump(const char *reason)
{
    __atomic_store_n(&life.stage, LIFE_ENDED, __ATOMIC_RELEASE);
    control_end(life.options.at_exit ? reason : NULL);
    is_over();
}

/* From here outward the stack is what the program may still use, and what it had in its registers. */
static inline __attribute__((always_inline)) void stand_here(void)
{
    register uintptr_t sp __asm__("rsp");
    uintptr_t here;

    __builtin_unwind_init();
    __asm__ volatile("" : "=r"(here) : "0"(sp));
    park_stand((const void *)here);
}

/* A signal that came to this thread meanwhile would end the process before the dump is there; and without leaktrace it would come to
   none. So none comes any more. */
__attribute__((noinline)) static void end(const char *reason)
{
    uint64_t all = ~0ull;

    if (!has_something_to_tell())
        return;
    stand_here();
    SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, &all, 0, sizeof(all));
    if (is_first())
        make_last_dump(reason);
    else
        wait_for_first();
}

void exit_dump(const char *reason)
{
    uint64_t saved = 0;

    SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, 0, &saved, sizeof(saved));
    end(reason);
    park_stand(NULL);
    SYS_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &saved, 0, sizeof(saved));
}

void exit_by_signal(const char *name, const void *context)
{
    if (!life_is_own_process() || !control_has_begun())
        return;
    park_stand_at(context);
    if (!is_first()) {
        wait_for_first();
        return;
    }
    ending.by_signal = true;
    __atomic_store_n(&life.stage, LIFE_ENDED, __ATOMIC_RELEASE);
    control_hold(name, false, SIGNAL_PATIENCE_NS);
    is_over();
}

bool exit_begin_exec(void)
{
    const char *reason = life.options.at_exit && !fork_child_is_young() ? "exec" : NULL;

    if (!life_is_tracing() || !control_has_begun())
        return false;
    if (control_hold(reason, true, OTHERS_PATIENCE_NS))
        return true;
    if (reason != NULL)
        control_dump_and_wait(reason);
    return false;
}

void exit_is_undone(void)
{
    life.stage = LIFE_RUNNING;
    ending.tid = 0;
    ending.over = 0;
    ending.by_signal = false;
    ending.unseen = false;
}

void exit_comes_unseen(void)
{
    ending.unseen = true;
}

void hook_thread_last_ends(void)
{
    if (!life_is_tracing() || !control_has_begun())
        return;
    if (ending.unseen)
        exit_dump("SYS_exit");
    else
        control_give_way();
}

__attribute__((destructor)) static void destruct(void)
{
    end("exit");
}

HOOK void _exit(int status)
{
    end("_exit");
    real__exit(gate_status(status));
    __builtin_unreachable();
}

HOOK void _Exit(int status)
{
    end("_Exit");
    real__Exit(gate_status(status));
    __builtin_unreachable();
}

HOOK void quick_exit(int status)
{
    end("quick_exit");
    real_quick_exit(gate_status(status));
    __builtin_unreachable();
}
