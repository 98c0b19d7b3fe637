/*
 * The dump signal. Owns who has it: leaktrace, or the program.
 *
 * leaktrace takes it only where its disposition is the default, which would end the process. As soon as the program asks for
 * it, it gets it, and sees what it would have seen without leaktrace.
 */
#include "life/life.h"

#include "base/log.h"
#include "base/text.h"
#include "dump/control.h"
#include "hook/real.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct {
    int number; /* 0: none */
    bool ours;
    char name[16];
} dump_signal;

static void handle(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    control_request_dump("signal");
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    dump_signal.ours = real_sigaction(dump_signal.number, &action, NULL) == 0;
    control_set_signal_state(dump_signal.ours ? dump_signal.name : "none");
}

static void step_aside(void)
{
    static int told;

    dump_signal.ours = false;
    control_set_signal_state("taken by the program");
    if (__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED) == 0)
        log_line("the program uses signal %s itself: it gets it, and dumps are made by `leaktrace dump PID`, or with another "
                 "option signal",
                 dump_signal.name);
}

void signal_take(int sig)
{
    struct text name = TEXT_ON(dump_signal.name);
    struct sigaction before;

    if (sig == 0 || real_sigaction(sig, NULL, &before) != 0)
        return;
    if (sig >= SIGRTMIN)
        text_format(&name, "RTMIN+%d", sig - SIGRTMIN);
    else
        text_add(&name, sigabbrev_np(sig));
    dump_signal.number = sig;
    if (before.sa_handler == SIG_DFL)
        install();
    else
        step_aside();
}

static bool is_default(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == SIG_DFL;
}

HOOK int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict ret_before)
{
    bool was_ours = dump_signal.ours;
    int result;

    if (sig != dump_signal.number || sig == 0)
        return real_sigaction(sig, action, ret_before);
    if (was_ours && (action == NULL || is_default(action)))
        result = 0;
    else
        result = real_sigaction(sig, action, was_ours ? NULL : ret_before);
    if (result != 0)
        return result;
    if (was_ours && ret_before != NULL)
        memset(ret_before, 0, sizeof(*ret_before));
    if (action != NULL && was_ours && !is_default(action))
        step_aside();
    if (action != NULL && !was_ours && is_default(action))
        install();
    return 0;
}

/* Of the dump signal, with these flags; whether the signal itself is blocked while the handler runs is up to them too. */
static sighandler_t set_handler(sighandler_t handler, int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    struct sigaction before;

    sigemptyset(&action.sa_mask);
    if ((flags & SA_NODEFER) == 0)
        sigaddset(&action.sa_mask, dump_signal.number);
    if (sigaction(dump_signal.number, &action, &before) != 0)
        return SIG_ERR;
    return before.sa_handler;
}

static bool is_dump_signal(int sig, sighandler_t handler)
{
    return sig != 0 && sig == dump_signal.number && handler != SIG_ERR;
}

HOOK sighandler_t signal(int sig, sighandler_t handler)
{
    return is_dump_signal(sig, handler) ? set_handler(handler, SA_RESTART) : real_signal(sig, handler);
}

HOOK sighandler_t bsd_signal(int sig, sighandler_t handler)
{
    return is_dump_signal(sig, handler) ? set_handler(handler, SA_RESTART) : real_bsd_signal(sig, handler);
}

HOOK sighandler_t ssignal(int sig, sighandler_t handler)
{
    return is_dump_signal(sig, handler) ? set_handler(handler, SA_RESTART) : real_ssignal(sig, handler);
}

/* What signal() is in programs that are compiled as plain C or POSIX. */
HOOK sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
    return is_dump_signal(sig, handler) ? set_handler(handler, SA_RESETHAND | SA_NODEFER) : real___sysv_signal(sig, handler);
}

HOOK sighandler_t sysv_signal(int sig, sighandler_t handler)
{
    return is_dump_signal(sig, handler) ? set_handler(handler, SA_RESETHAND | SA_NODEFER) : real_sysv_signal(sig, handler);
}
