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

bool life_stop_thread(void)
{
    if (life.stage != LIFE_RUNNING || !control_has_begun() || !record_is_own_process())
        return false;
    control_stop();
    return true;
}

void life_start_thread_again(bool stopped)
{
    int saved = errno;

    if (!stopped)
        return;
    record_ignore_begin();
    control_start();
    record_ignore_end();
    errno = saved;
}

HOOK int unshare(int flags)
{
    bool stopped = (flags & (CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0 && life_stop_thread();
    int result = real_unshare(flags);

    life_start_thread_again(stopped);
    return result;
}

HOOK int setns(int fd, int type)
{
    bool stopped = life_stop_thread();
    int result = real_setns(fd, type);

    life_start_thread_again(stopped);
    return result;
}
