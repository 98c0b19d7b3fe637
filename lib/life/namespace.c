/*
 * Calls that the kernel refuses to a process with more than one thread. Owns nothing.
 *
 * leaktrace's thread must not make a single-threaded program one of two threads here: it ends before the call and starts anew
 * behind it. After a move to another pid namespace it cannot start again; dumps are then made at exit.
 */
#include "life/life.h"

#include "dump/control.h"
#include "hook/real.h"
#include "record/record.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

unsigned life_thread_is_away;

/* No handler is to ask a thread for a dump that is not there. */
void life_stop_thread(struct life_pause *ret_pause)
{
    sigset_t all;

    ret_pause->stopped = life_is_tracing() && control_has_begun();
    if (!ret_pause->stopped)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &ret_pause->mask);
    __atomic_add_fetch(&life_thread_is_away, 1, __ATOMIC_ACQ_REL);
    control_stop();
}

void life_start_thread_again(const struct life_pause *pause)
{
    int saved = errno;

    if (!pause->stopped)
        return;
    record_ignore_begin();
    control_start();
    record_ignore_end();
    __atomic_sub_fetch(&life_thread_is_away, 1, __ATOMIC_ACQ_REL);
    pthread_sigmask(SIG_SETMASK, &pause->mask, NULL);
    errno = saved;
}

HOOK int unshare(int flags)
{
    const int of_one_thread = CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    struct life_pause pause = {0};
    int result;

    if ((flags & of_one_thread) != 0)
        life_stop_thread(&pause);
    result = real_unshare(flags);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setns(int fd, int type)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setns(fd, type);
    life_start_thread_again(&pause);
    return result;
}
