/*
 * Calls that go to the kernel past libc. Owns nothing.
 *
 * A program that puts itself behind a filter (seccomp) may be killed by a call that the filter does not know; so leaktrace's
 * handlers, which make some, leave before. The first thread may end alone, without libc: it is seen, for leaktrace's thread
 * must not be what keeps the process alive.
 */
#include "life/life.h"

#include "base/sys.h"
#include "hook/hook_thread.h"
#include "hook/real.h"
#include "life/disposition.h"

#include <stdarg.h>
#include <sys/prctl.h>

void hook_syscall_comes(long number)
{
    if (life.stage != LIFE_RUNNING || !life_is_own_process())
        return;
    if (number == SYS_seccomp)
        disposition_leave(DISPOSITION_QUIET);
    else if (sys_gettid() == life.pid) {
        exit_comes_unseen();
        hook_thread_first_ends();
    }
}

HOOK int prctl(int option, ...)
{
    unsigned long a, b, c, d;
    va_list list;

    va_start(list, option);
    a = va_arg(list, unsigned long);
    b = va_arg(list, unsigned long);
    c = va_arg(list, unsigned long);
    d = va_arg(list, unsigned long);
    va_end(list);
    if (option == PR_SET_SECCOMP)
        hook_syscall_comes(SYS_seccomp);
    return real_prctl(option, a, b, c, d);
}
