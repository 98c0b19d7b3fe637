/*
 * The dump signal. Owns its number and name.
 *
 * leaktrace takes it only where its disposition is the default, which would end the process. As soon as the program asks for
 * it, it gets it, and sees what it would have seen without leaktrace (life/disposition).
 */
#include "life/life.h"

#include "base/log.h"
#include "base/text.h"
#include "dump/control.h"
#include "hook/hook_fd.h"
#include "hook/real.h"
#include "life/disposition.h"

#include <signal.h>
#include <string.h>

enum state { STATE_OURS, STATE_TAKEN, STATE_BLOCKED };

static struct {
    int number; /* 0: none */
    char name[16];
    enum state state;
} dump_signal;

void signal_add_name(struct text *name, int sig)
{
    if (sig >= SIGRTMIN)
        text_format(name, "RTMIN+%d", sig - SIGRTMIN);
    else
        text_add(name, sigabbrev_np(sig));
}

static void handle(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    if (life_is_own_process())
        control_request_dump("signal");
}

/* Two threads may change it at once: the status says what holds in the end. */
static void tell_state(void)
{
    enum state state;

    do {
        state = __atomic_load_n(&dump_signal.state, __ATOMIC_SEQ_CST);
        control_set_signal_state(state == STATE_OURS    ? dump_signal.name
                                 : state == STATE_TAKEN ? "taken by the program"
                                                        : "blocked by the program");
    } while (__atomic_load_n(&dump_signal.state, __ATOMIC_SEQ_CST) != state);
}

static void set_state(enum state state)
{
    __atomic_store_n(&dump_signal.state, state, __ATOMIC_SEQ_CST);
    tell_state();
}

static void step_aside(void)
{
    static int told;

    set_state(STATE_TAKEN);
    if (__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED) == 0)
        log_line("the program uses signal %s itself: it gets it, and dumps are made by `leaktrace dump PID`, or with another "
                 "option signal",
                 dump_signal.name);
}

static void changed(bool ours)
{
    if (!life_is_own_process())
        return;
    if (ours)
        set_state(STATE_OURS);
    else
        step_aside();
}

void signal_take(int sig)
{
    struct text name = TEXT_ON(dump_signal.name);

    if (sig == 0)
        return;
    signal_add_name(&name, sig);
    dump_signal.number = sig;
    changed(disposition_stand_in(sig, handle, SA_RESTART, changed));
}

static void turn(enum state from, enum state to)
{
    if (__atomic_compare_exchange_n(&dump_signal.state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        tell_state();
}

/* It counts when it is seen twice in a row. */
void signal_watch(void)
{
    static bool was_blocked, told;
    bool blocked = dump_signal.number != 0 && dump_signal.state != STATE_TAKEN && blocked_everywhere(dump_signal.number);

    if (!blocked)
        turn(STATE_BLOCKED, STATE_OURS);
    else if (was_blocked)
        turn(STATE_OURS, STATE_BLOCKED);
    if (blocked && was_blocked && !told)
        log_line("the program blocks signal %s in all of its threads, where it waits: dumps are made by `leaktrace dump PID`, "
                 "or with another option signal",
                 dump_signal.name);
    told = told || (blocked && was_blocked);
    was_blocked = blocked;
}

/* A signal that is waited for does not come to its handler. */
static void is_waited_for(const sigset_t *set)
{
    if (dump_signal.number != 0 && set != NULL && sigismember(set, dump_signal.number) == 1 && life_is_own_process())
        step_aside();
}

HOOK int sigwait(const sigset_t *restrict set, int *restrict ret_sig)
{
    is_waited_for(set);
    return real_sigwait(set, ret_sig);
}

HOOK int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict ret_info)
{
    is_waited_for(set);
    return real_sigwaitinfo(set, ret_info);
}

HOOK int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict ret_info, const struct timespec *restrict timeout)
{
    is_waited_for(set);
    return real_sigtimedwait(set, ret_info, timeout);
}

void hook_fd_signals_are_read(const sigset_t *set)
{
    is_waited_for(set);
}
