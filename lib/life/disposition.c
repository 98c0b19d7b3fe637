/*
 * Hooks of the calls that ask for and change what a signal does. Owns, for each signal that leaktrace stands in for, what the
 * program believes.
 *
 * The kernel knows who has a signal: each hook is the real call, whose answer is put right where it names a handler of
 * leaktrace's. A handler that the program wants for one time only (SA_RESETHAND) is called by one of ours, which puts the
 * stand-in back before, as the kernel would the default.
 */
#include "life/disposition.h"

#include "hook/real.h"
#include "life/life.h"

#include <string.h>

#define SIGNALS 65
#define SA_RESTORER 0x04000000 /* libc sets it, and tells of it */

struct seat {
    bool taken; /* leaktrace stands in for this signal */
    struct sigaction stand_in;
    struct sigaction program; /* what the program believes while a handler of ours is there */
    int fired;                /* its handler for one time has begun to run */
    disposition_changed *changed;
};

static struct seat seats[SIGNALS];

static struct seat *seat_of(int sig)
{
    return sig > 0 && sig < SIGNALS && seats[sig].taken ? &seats[sig] : NULL;
}

static bool is_default(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == SIG_DFL;
}

static bool is_ignored(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == SIG_IGN;
}

static void run_once(int sig, siginfo_t *info, void *context)
{
    struct seat *seat = &seats[sig];
    disposition_handler *handler = seat->program.sa_sigaction;

    if (__atomic_exchange_n(&seat->fired, 1, __ATOMIC_ACQ_REL) != 0) {
        seat->stand_in.sa_sigaction(sig, info, context);
        return;
    }
    seat->program.sa_handler = SIG_DFL;
    real_sigaction(sig, &seat->stand_in, NULL);
    handler(sig, info, context);
}

static bool is_ours(const struct seat *seat, const struct sigaction *action)
{
    return action->sa_sigaction == seat->stand_in.sa_sigaction || action->sa_sigaction == run_once;
}

/* What the kernel is to have where the program wants `action`. */
static const struct sigaction *replace(struct seat *seat, const struct sigaction *action, struct sigaction *ret_replaced)
{
    *ret_replaced = is_default(action) ? seat->stand_in : *action;
    if (is_default(action) || is_ignored(action) || (action->sa_flags & SA_RESETHAND) == 0)
        return ret_replaced;
    ret_replaced->sa_sigaction = run_once;
    ret_replaced->sa_flags &= ~SA_RESETHAND;
    return ret_replaced;
}

/* Notes what the program believes from now on, as the kernel would tell it. */
static void believe(struct seat *seat, const struct sigaction *action)
{
    seat->program = *action;
    seat->program.sa_flags |= SA_RESTORER;
    sigdelset(&seat->program.sa_mask, SIGKILL);
    sigdelset(&seat->program.sa_mask, SIGSTOP);
    __atomic_store_n(&seat->fired, 0, __ATOMIC_RELEASE);
}

static void tell_changed(const struct seat *seat, const struct sigaction *before, const struct sigaction *now)
{
    bool was_ours = before->sa_sigaction == seat->stand_in.sa_sigaction;

    if (seat->changed != NULL && was_ours != is_default(now))
        seat->changed(is_default(now));
}

static int change_in_child(const struct seat *seat, int sig, const struct sigaction *action, struct sigaction *ret_before)
{
    struct sigaction before;
    int result = real_sigaction(sig, action, &before);

    if (result == 0 && ret_before != NULL)
        *ret_before = is_ours(seat, &before) ? seat->program : before;
    return result;
}

static int change(int sig, const struct sigaction *action, struct sigaction *ret_before)
{
    struct seat *seat = seat_of(sig);
    struct sigaction replaced, before, believed;
    int result;

    if (seat == NULL)
        return real_sigaction(sig, action, ret_before);
    believed = seat->program;
    if (!life_is_own_process()) /* its dispositions are its own, but the memory is the parent's */
        return change_in_child(seat, sig, action, ret_before);
    if (action != NULL)
        believe(seat, action);
    result = real_sigaction(sig, action == NULL ? NULL : replace(seat, action, &replaced), &before);
    if (result != 0) {
        seat->program = believed;
        return result;
    }
    if (action != NULL)
        tell_changed(seat, &before, action);
    if ((believed.sa_flags & SA_RESTORER) != 0)
        believed.sa_restorer = before.sa_restorer;
    if (ret_before != NULL)
        *ret_before = is_ours(seat, &before) ? believed : before;
    return 0;
}

bool disposition_stand_in(int sig, disposition_handler *handler, int flags, disposition_changed *changed)
{
    struct seat *seat = &seats[sig];
    struct sigaction before;

    if (real_sigaction(sig, NULL, &before) != 0)
        return false;
    seat->stand_in = (struct sigaction){.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
    sigfillset(&seat->stand_in.sa_mask);
    seat->program = before;
    seat->changed = changed;
    seat->taken = !is_default(&before) || real_sigaction(sig, &seat->stand_in, NULL) == 0;
    return seat->taken && is_default(&before);
}

void disposition_leave(enum disposition_leaving leaving)
{
    for (int sig = 1; sig < SIGNALS; sig++) {
        struct sigaction now;

        if (!seats[sig].taken || (leaving == DISPOSITION_QUIET && seats[sig].changed != NULL))
            continue;
        seats[sig].taken = false;
        if (real_sigaction(sig, NULL, &now) == 0 && is_ours(&seats[sig], &now))
            real_sigaction(sig, &seats[sig].program, NULL);
    }
}

/* A change by a call that sets a handler in a way of its own. */
struct setting {
    sighandler_t handler;
    struct sigaction before;
    struct sigaction believed;
};

/* What to ask the real call for. The dump signal is never left at its default, even for a moment: it would end the process. */
static sighandler_t begin_setting(int sig, sighandler_t handler, struct setting *ret_setting)
{
    const struct seat *seat = seat_of(sig);

    ret_setting->handler = handler;
    if (seat == NULL)
        return handler;
    ret_setting->believed = seat->program;
    real_sigaction(sig, NULL, &ret_setting->before);
    return handler == SIG_DFL && seat->changed != NULL ? SIG_IGN : handler;
}

/* Puts right what the real call has done. Returns what was there before, to the program. */
static sighandler_t end_setting(int sig, sighandler_t before, const struct setting *setting)
{
    const struct sigaction was = {.sa_handler = before};
    struct seat *seat = seat_of(sig);
    struct sigaction now, replaced;

    if (seat == NULL || before == SIG_ERR)
        return before;
    if (setting->handler != SIG_HOLD && real_sigaction(sig, NULL, &now) == 0) {
        now.sa_handler = setting->handler;
        if (life_is_own_process()) {
            believe(seat, &now);
            real_sigaction(sig, replace(seat, &now, &replaced), NULL);
            tell_changed(seat, &setting->before, &now);
        } else {
            real_sigaction(sig, &now, NULL);
        }
    }
    return is_ours(seat, &was) ? setting->believed.sa_handler : before;
}

HOOK int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict ret_before)
{
    return change(sig, action, ret_before);
}

HOOK int __sigaction(int sig, const struct sigaction *action, struct sigaction *ret_before)
{
    return change(sig, action, ret_before);
}

HOOK sighandler_t signal(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real_signal(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

HOOK sighandler_t bsd_signal(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real_bsd_signal(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

HOOK sighandler_t ssignal(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real_ssignal(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

/* What signal() is in programs that are compiled as plain C or POSIX. */
HOOK sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real___sysv_signal(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

HOOK sighandler_t sysv_signal(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real_sysv_signal(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

HOOK sighandler_t sigset(int sig, sighandler_t handler)
{
    struct setting setting;
    sighandler_t before = real_sigset(sig, begin_setting(sig, handler, &setting));

    return end_setting(sig, before, &setting);
}

HOOK int sigignore(int sig)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    return change(sig, &ignore, NULL);
}

/* It changes a flag of what is there. */
HOOK int siginterrupt(int sig, int interrupt)
{
    struct seat *seat = seat_of(sig);
    int result = real_siginterrupt(sig, interrupt);
    struct sigaction now;

    if (seat == NULL || result != 0 || !life_is_own_process() || real_sigaction(sig, NULL, &now) != 0 || !is_ours(seat, &now))
        return result;
    seat->program.sa_flags = interrupt ? seat->program.sa_flags & ~SA_RESTART : seat->program.sa_flags | SA_RESTART;
    if (now.sa_sigaction == seat->stand_in.sa_sigaction)
        real_sigaction(sig, &seat->stand_in, NULL);
    return result;
}

/* 4.3BSD's, which today's headers do not declare, and programs that were linked long ago still call. */
struct sigvec {
    sighandler_t sv_handler;
    int sv_mask;
    int sv_flags;
};

enum { SV_ONSTACK = 1, SV_INTERRUPT = 2, SV_RESETHAND = 4 };

static struct sigaction action_of_vector(const struct sigvec *vector)
{
    struct sigaction action = {.sa_handler = vector->sv_handler};

    action.sa_mask.__val[0] = (unsigned)vector->sv_mask;
    action.sa_flags = ((vector->sv_flags & SV_ONSTACK) != 0 ? SA_ONSTACK : 0) |
                      ((vector->sv_flags & SV_INTERRUPT) != 0 ? 0 : SA_RESTART) |
                      ((vector->sv_flags & SV_RESETHAND) != 0 ? (int)SA_RESETHAND : 0);
    return action;
}

static struct sigvec vector_of_action(const struct sigaction *action)
{
    return (struct sigvec){
        .sv_handler = action->sa_handler,
        .sv_mask = (int)action->sa_mask.__val[0],
        .sv_flags = ((action->sa_flags & SA_ONSTACK) != 0 ? SV_ONSTACK : 0) |
                    ((action->sa_flags & SA_RESTART) != 0 ? 0 : SV_INTERRUPT) |
                    ((action->sa_flags & (int)SA_RESETHAND) != 0 ? SV_RESETHAND : 0),
    };
}

HOOK int sigvec(int sig, const struct sigvec *vector, struct sigvec *ret_before)
{
    struct sigaction action, before;
    int result;

    if (vector != NULL)
        action = action_of_vector(vector);
    result = change(sig, vector == NULL ? NULL : &action, &before);
    if (result == 0 && ret_before != NULL)
        *ret_before = vector_of_action(&before);
    return result;
}
