/*
 * Programs that give up system calls (seccomp). Owns the list of the calls that leaktrace makes.
 *
 * A call that a filter forbids may end the program, in whatever thread it is made; and a filter cannot be asked later. So each
 * filter is looked at before the program installs it. If it forbids what leaktrace cannot do without, this is the end of tracing: a
 * last dump, no thread and no recording from then on.
 */
#include "life/life.h"

#include "base/control.h"
#include "base/filter.h"
#include "base/log.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "dump/control.h"
#include "hook/real.h"
#include "record/record.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

struct need {
    int number;
    uint64_t arguments[6];
};

#define IN_MEMORY (MAP_PRIVATE | MAP_ANONYMOUS)
#define NEW_FILE (O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)

/* With arguments that filters may look at. */
static const struct need needs[] = {
    {SYS_openat, {(uint32_t)AT_FDCWD, 0, O_RDONLY | O_CLOEXEC}},
    {SYS_openat, {(uint32_t)AT_FDCWD, 0, NEW_FILE, 0600}},
    {SYS_read, {3}},
    {SYS_write, {3}},
    {SYS_write, {2}},
    {SYS_pread64, {3}},
    {SYS_close, {3}},
    {SYS_fstat, {3}},
    {SYS_lstat, {0}},
    {SYS_getdents64, {3}},
    {SYS_readlink, {0}},
    {SYS_mkdir, {0, 0700}},
    {SYS_rename, {0}},
    {SYS_unlink, {0}},
    {SYS_poll, {0, 1}},
    {SYS_mmap, {0, 65536, PROT_READ | PROT_WRITE, IN_MEMORY, (uint64_t)-1}},
    {SYS_mmap, {0, 65536, PROT_READ, MAP_PRIVATE, 3}},
    {SYS_mmap, {0, 1, PROT_NONE, MAP_PRIVATE, 3}},
    {SYS_munmap, {0, 65536}},
    {SYS_madvise, {0, 65536, MADV_DONTNEED}},
    {SYS_futex, {0, FUTEX_WAIT_PRIVATE}},
    {SYS_futex, {0, FUTEX_WAKE_PRIVATE}},
    {SYS_nanosleep, {0}},
    {SYS_sched_yield, {0}},
    {SYS_getpid, {0}},
    {SYS_gettid, {0}},
    {SYS_tgkill, {1, 1, CONTROL_SIGNAL}},
    {SYS_rt_sigprocmask, {SIG_BLOCK, 0, 0, 8}},
    {SYS_rt_sigprocmask, {(uint32_t)-1, 0, 0, 8}},
    {SYS_rt_sigpending, {0}},
    {SYS_rt_sigtimedwait, {0}},
    {SYS_prlimit64, {0}},
    {SYS_getsockopt, {3, SOL_SOCKET}},
    /* For leaktrace's thread, which a child of fork makes anew. */
    {SYS_prctl, {PR_SET_NAME}},
    {SYS_clone3, {0}},
    {SYS_mprotect, {0, 65536, PROT_READ | PROT_WRITE}},
    {SYS_set_robust_list, {0}},
    {SYS_rseq, {0}},
    {SYS_exit, {0}},
};

/* For descriptors of its own, which it can do without. */
static const struct need wishes[] = {
    {SYS_unshare, {CLONE_FILES}},
    {SYS_close_range, {0, ~0u}},
    {SYS_pidfd_open, {1}},
    {SYS_pidfd_getfd, {3}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The first that is forbidden; NULL when all are allowed. */
static const struct need *forbidden(const struct sock_fprog *filter, const struct need *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct seccomp_data call = {.nr = list[i].number, .arch = AUDIT_ARCH_X86_64};

        for (unsigned j = 0; j < 6; j++)
            call.args[j] = list[i].arguments[j];
        if (!filter_allows(filter, &call))
            return &list[i];
    }
    return NULL;
}

static void end_tracing(void)
{
    exit_dump("seccomp");
    __atomic_store_n(&life.stage, LIFE_ENDED, __ATOMIC_RELEASE);
    record_enable(0);
}

/* `filter` is NULL in strict mode, where only read, write and the end are left. */
static void before_filter(const struct sock_fprog *filter)
{
    const struct need *need;

    if (__atomic_load_n(&life.stage, __ATOMIC_ACQUIRE) != LIFE_RUNNING || !record_is_own_process())
        return;
    if (filter != NULL && (!sys_readable((uintptr_t)filter) || !sys_readable((uintptr_t)&filter->filter)))
        return; /* the kernel will refuse it */
    need = filter == NULL ? needs : forbidden(filter, needs, COUNT(needs));
    if (need == NULL) {
        if (forbidden(filter, wishes, COUNT(wishes)) != NULL)
            own_fd_stay_shared();
        return;
    }
    log_line("the program forbids itself system calls that leaktrace needs (number %d is one): nothing is traced from now on", need->number);
    end_tracing();
}

static void before_prctl(long option, long mode, const void *filter)
{
    if (option == PR_SET_SECCOMP && mode == SECCOMP_MODE_STRICT)
        before_filter(NULL);
    if (option == PR_SET_SECCOMP && mode == SECCOMP_MODE_FILTER && filter != NULL)
        before_filter(filter);
}

HOOK int prctl(int option, ...)
{
    unsigned long a[4];
    va_list arguments;

    va_start(arguments, option);
    for (unsigned i = 0; i < COUNT(a); i++)
        a[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    before_prctl(option, (long)a[0], (const void *)a[1]);
    return real_prctl(option, a[0], a[1], a[2], a[3]);
}

HOOK long syscall(long number, ...)
{
    long a[6];
    va_list arguments;

    va_start(arguments, number);
    for (unsigned i = 0; i < COUNT(a); i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_prctl)
        before_prctl(a[0], a[1], (const void *)a[2]);
    if (number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_STRICT)
        before_filter(NULL);
    if (number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER && a[2] != 0)
        before_filter((const void *)a[2]);
    return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* By reading alone, which nothing could have begun without. */
bool confine_is_filtered(void)
{
    char buf[4096], *line;
    int fd = sys_open("/proc/thread-self/status", O_RDONLY, 0);
    ssize_t len = fd < 0 ? 0 : sys_read(fd, buf, sizeof(buf) - 1);

    if (fd >= 0)
        sys_close(fd);
    buf[len < 0 ? 0 : len] = '\0';
    line = strstr(buf, "\nSeccomp:\t");
    return line != NULL && line[10] == '2';
}
