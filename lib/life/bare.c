/*
 * Calls that go to the kernel past libc. Owns nothing.
 *
 * A program may put itself behind a filter (life/confine). And the first thread may end alone, without libc: it is seen, for
 * leaktrace's thread must not be what keeps the process alive.
 */
#include "life/life.h"

#include "base/sys.h"
#include "hook/hook_thread.h"
#include "hook/real.h"

#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

static void before_prctl(long option, long mode, const void *filter)
{
    if (option != PR_SET_SECCOMP)
        return;
    if (mode == SECCOMP_MODE_STRICT)
        confine_before_strict();
    if (mode == SECCOMP_MODE_FILTER)
        confine_before_filter(filter);
}

static void before_seccomp(long operation, const void *filter)
{
    if (operation == SECCOMP_SET_MODE_STRICT)
        confine_before_strict();
    if (operation == SECCOMP_SET_MODE_FILTER)
        confine_before_filter(filter);
}

static void before_exit(void)
{
    if (!life_is_tracing() || sys_gettid() != life.pid)
        return;
    exit_comes_unseen();
    hook_thread_first_ends();
}

void hook_syscall_comes(long number, long first, long second, const void *third)
{
    if (number == SYS_prctl)
        before_prctl(first, second, third);
    else if (number == SYS_seccomp)
        before_seccomp(first, third);
    else
        before_exit();
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
    before_prctl(option, (long)a, (const void *)b);
    return real_prctl(option, a, b, c, d);
}
