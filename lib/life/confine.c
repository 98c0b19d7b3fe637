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
#include "life/disposition.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

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
    {SYS_utimensat, {(uint32_t)AT_FDCWD, 0, 0, AT_SYMLINK_NOFOLLOW}},
    {SYS_sysinfo, {0}},
    {SYS_poll, {0, 1}},
    {SYS_mmap, {0, 65536, PROT_READ | PROT_WRITE, IN_MEMORY, (uint64_t)-1}},
    {SYS_mmap, {0, 65536, PROT_READ, MAP_PRIVATE, 3}},
    {SYS_mmap, {0, 1, PROT_NONE, MAP_PRIVATE, 3}},
    {SYS_munmap, {0, 65536}},
    {SYS_madvise, {0, 65536, MADV_DONTNEED}},
    {SYS_futex, {0, FUTEX_WAIT_PRIVATE}},
    {SYS_futex, {0, FUTEX_WAKE_PRIVATE}},
    {SYS_nanosleep, {0}},
    {SYS_clock_gettime, {CLOCK_THREAD_CPUTIME_ID}},
    {SYS_sched_yield, {0}},
    {SYS_getpid, {0}},
    {SYS_gettid, {0}},
    {SYS_geteuid, {0}},
    {SYS_tgkill, {1, 1, CONTROL_SIGNAL}},
    {SYS_rt_sigprocmask, {SIG_BLOCK, 0, 0, 8}},
    {SYS_rt_sigprocmask, {(uint32_t)-1, 0, 0, 8}},
    {SYS_rt_sigpending, {0}},
    {SYS_rt_sigtimedwait, {0}},
    {SYS_sigaltstack, {0}},
    {SYS_prlimit64, {0}},
    {SYS_getsockopt, {3, SOL_SOCKET}},
    /* For leaktrace's thread, which a child of fork makes anew. */
    {SYS_prctl, {PR_SET_NAME}},
    {SYS_clone3, {0}},
    {SYS_clone, {CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID}},
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

/* For the handlers of life/fatal. */
static const struct need handlers_wishes[] = {
    {SYS_rt_sigaction, {SIGSEGV, 0, 0, 8}},
    {SYS_rt_sigreturn, {0}},
    {SYS_rt_tgsigqueueinfo, {1, 1, SIGSEGV}},
};

/* For the option leaks (reach/). */
static const struct need leaks_wishes[] = {
    {SYS_rt_sigaction, {33, 0, 0, 8}},
    {SYS_rt_sigreturn, {0}},
    {SYS_rt_tgsigqueueinfo, {1, 1, 33}},
    {SYS_process_vm_readv, {1, 0, 1, 0, 1, 0}},
    {SYS_mincore, {0, 4096}},
    {SYS_ioctl, {3, 0xc0606610}},
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

static void end_tracing(const struct need *need)
{
    log_line("the program forbids itself system calls that leaktrace needs (number %d is one): nothing is traced from now on", need->number);
    exit_dump("seccomp");
    life_leave();
}

/* Only read, write and the end are left. */
void confine_before_strict(void)
{
    if (life_is_tracing())
        end_tracing(needs);
}

static void give_up_leaks(void)
{
    log_line("the program forbids itself system calls that the option leaks needs: what can still be reached will not be known");
    life.options.leaks = OPTION_LEAKS_NO;
}

void confine_before_filter(const struct sock_fprog *filter)
{
    const struct need *need;

    /* What cannot be read the kernel will refuse. */
    if (filter == NULL || !life_is_tracing() || !sys_readable((uintptr_t)filter) || !sys_readable((uintptr_t)&filter->filter))
        return;
    need = forbidden(filter, needs, COUNT(needs));
    if (need != NULL) {
        end_tracing(need);
        return;
    }
    if (forbidden(filter, wishes, COUNT(wishes)) != NULL)
        own_fd_use_common_calls();
    if (forbidden(filter, handlers_wishes, COUNT(handlers_wishes)) != NULL)
        disposition_leave(DISPOSITION_QUIET);
    if (life.options.leaks != OPTION_LEAKS_NO && forbidden(filter, leaks_wishes, COUNT(leaks_wishes)) != NULL)
        give_up_leaks();
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
