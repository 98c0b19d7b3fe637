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
#include "record/stack_libunwind.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
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

/* Or will be there again before long: see life/namespace. */
static bool thread_is_there(void)
{
    return control_has_begun() || __atomic_load_n(&life_thread_is_away, __ATOMIC_ACQUIRE) > 0;
}

/* A child of vfork is not the process; a child of fork that has done nothing since has nothing to tell. */
static bool has_something_to_tell(void)
{
    enum life_stage stage = __atomic_load_n(&life.stage, __ATOMIC_ACQUIRE);

    return (stage == LIFE_RUNNING || stage == LIFE_ENDED) && life_is_own_process() &&
           (thread_is_there() || fork_child_begins_late());
}

static bool is_first(void)
{
    pid_t nobody = 0;

    return __atomic_compare_exchange_n(&ending.tid, &nobody, sys_gettid(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool somebody_ends(void)
{
    return __atomic_load_n(&ending.tid, __ATOMIC_ACQUIRE) != 0;
}

/* False, at once, in the first one's own thread. */
static bool wait_for_first(void)
{
    int64_t deadline = sys_monotonic_ns() + OTHERS_PATIENCE_NS;
    struct timespec slice = {.tv_nsec = 100000000};

    if (ending.tid == sys_gettid())
        return false;
    while (!__atomic_load_n(&ending.over, __ATOMIC_ACQUIRE) && sys_monotonic_ns() < deadline)
        sys_futex_wait(&ending.over, 0, &slice);
    return true;
}

/* The process ends by what he did, if that does not take too long. */
static void let_first_end(void)
{
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

/* Not libc's, the loader's, or leaktrace's own. */
static bool is_programs(uintptr_t pc)
{
    struct dl_find_object object, libc, own;

    if (_dl_find_object((void *)pc, &object) != 0 || _dl_find_object((void *)real__exit, &libc) != 0 ||
        _dl_find_object((void *)is_programs, &own) != 0)
        return true;
    return object.dlfo_link_map != libc.dlfo_link_map && object.dlfo_link_map != own.dlfo_link_map &&
           (uintptr_t)object.dlfo_map_start != getauxval(AT_BASE);
}

/* The calling thread will not go on. Between here and the program may stand frames of exit(), large, and where main's were:
   what has been left there is nobody's any more. */
__attribute__((noinline)) static void stand(void)
{
    const uintptr_t *frame = __builtin_frame_address(0);
    struct stack_libunwind_frame programs;

    if (life.options.leaks == OPTION_LEAKS_NO)
        return;
    if (stack_libunwind_find(is_programs, &programs))
        park_stand(programs.sp, programs.registers, PARK_REGISTERS);
    else
        park_stand((uintptr_t)frame, NULL, 0);
}

/* A signal that came to this thread meanwhile would end the process before the dump is there; and without leaktrace it would
   come to none. So none comes any more; but for the one by which another thread that changes the user waits for this one. */
static void end(const char *reason)
{
    uint64_t all = ~(1ull << (SIGNAL_OF_SETUID - 1));

    if (!has_something_to_tell())
        return;
    stand();
    SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, &all, 0, sizeof(all));
    if (is_first())
        make_last_dump(reason);
    else if (wait_for_first() && ending.by_signal)
        let_first_end();
}

void exit_dump(const char *reason)
{
    uint64_t saved = 0;

    SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, 0, &saved, sizeof(saved));
    end(reason);
    park_go_on();
    SYS_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &saved, 0, sizeof(saved));
}

void exit_by_signal(const char *name, const void *context)
{
    if (!life_is_own_process() || !(thread_is_there() || somebody_ends()))
        return;
    park_stand_at(context);
    if (!is_first()) {
        if (wait_for_first())
            let_first_end();
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
