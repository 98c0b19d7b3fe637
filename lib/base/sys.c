/* System calls made directly. Owns nothing, takes no lock; called from every layer. */
#include "base/sys.h"

#include "base/vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

int sys_open(const char *path, int flags, int mode)
{
    return (int)SYS_CALL(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

int sys_close(int fd)
{
    return (int)SYS_CALL(SYS_close, fd, 0, 0, 0);
}

ssize_t sys_read(int fd, void *buf, size_t len)
{
    ssize_t n;

    do {
        n = SYS_CALL(SYS_read, fd, buf, len, 0);
    } while (n == -EINTR);
    return n;
}

int sys_write_all(int fd, const void *buf, size_t len)
{
    const char *at = buf;

    while (len > 0) {
        ssize_t n = SYS_CALL(SYS_write, fd, at, len, 0);

        if (n == -EINTR)
            continue;
        if (n < 0)
            return (int)n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int sys_fstat(int fd, struct stat *ret_st)
{
    return (int)SYS_CALL(SYS_fstat, fd, ret_st, 0, 0);
}

int sys_lstat(const char *path, struct stat *ret_st)
{
    return (int)SYS_CALL(SYS_lstat, path, ret_st, 0, 0);
}

int sys_mkdir(const char *path, int mode)
{
    return (int)SYS_CALL(SYS_mkdir, path, mode, 0, 0);
}

int sys_rename(const char *from, const char *to)
{
    return (int)SYS_CALL(SYS_rename, from, to, 0, 0);
}

int sys_unlink(const char *path)
{
    return (int)SYS_CALL(SYS_unlink, path, 0, 0, 0);
}

int sys_touch(const char *path)
{
    return (int)SYS_CALL(SYS_utimensat, AT_FDCWD, path, 0, AT_SYMLINK_NOFOLLOW);
}

ssize_t sys_readlink(const char *path, char *buf, size_t len)
{
    return SYS_CALL(SYS_readlink, path, buf, len, 0);
}

ssize_t sys_getdents(int fd, void *buf, size_t len)
{
    return SYS_CALL(SYS_getdents64, fd, buf, len, 0);
}

static void *map(size_t len, int prot, int flags, int fd)
{
    long ret = sys_call6(SYS_mmap, 0, (long)len, prot, flags, fd, 0);

    return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

void *sys_map(size_t len)
{
    return map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void *sys_map_file(int fd, size_t len)
{
    return map(len, PROT_READ, MAP_PRIVATE, fd);
}

void sys_unmap(void *ptr, size_t len)
{
    SYS_CALL(SYS_munmap, ptr, len, 0, 0);
}

void sys_discard(void *ptr, size_t len)
{
    SYS_CALL(SYS_madvise, ptr, len, MADV_DONTNEED, 0);
}

void sys_advise_huge(void *ptr, size_t len)
{
    SYS_CALL(SYS_madvise, ptr, len, MADV_HUGEPAGE, 0);
}

pid_t sys_getpid(void)
{
    return (pid_t)SYS_CALL(SYS_getpid, 0, 0, 0, 0);
}

pid_t sys_gettid(void)
{
    return (pid_t)SYS_CALL(SYS_gettid, 0, 0, 0, 0);
}

void sys_sleep_ns(long ns)
{
    const struct timespec wait = {.tv_nsec = ns};

    SYS_CALL(SYS_nanosleep, &wait, NULL, 0, 0);
}

int sys_tgkill(pid_t pid, pid_t tid, int sig)
{
    return (int)SYS_CALL(SYS_tgkill, pid, tid, sig, 0);
}

void sys_yield(void)
{
    SYS_CALL(SYS_sched_yield, 0, 0, 0, 0);
}

int sys_futex_wait(int *word, int expected, const struct timespec *timeout)
{
    return (int)SYS_CALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout);
}

void sys_futex_wake(int *word, int waiters)
{
    SYS_CALL(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, 0);
}

typedef int read_clock(clockid_t clock, struct timespec *ret_time);

static int ask_clock(clockid_t clock, struct timespec *ret_time)
{
    return (int)SYS_CALL(SYS_clock_gettime, clock, ret_time, 0, 0);
}

/* What libc's clock_gettime does, but nobody can have put his own in its place: it reads a page that the kernel keeps. */
static int64_t clock_ns(clockid_t clock)
{
    static read_clock *read;
    read_clock *function = __atomic_load_n(&read, __ATOMIC_RELAXED);
    struct timespec ts = {0};

    if (function == NULL) {
        function = (read_clock *)vdso_find("__vdso_clock_gettime");
        function = function == NULL ? ask_clock : function;
        __atomic_store_n(&read, function, __ATOMIC_RELAXED);
    }
    function(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t sys_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int64_t sys_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t sys_thread_cpu_ns(void)
{
    struct timespec ts = {0};

    SYS_CALL(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &ts, 0, 0);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

bool sys_readable(uintptr_t addr)
{
    /* The kernel copies the set in before it looks at `how`, and -1 is no way to change a mask: EINVAL means that the
       bytes were readable, EFAULT that they were not, and the mask stays as it was. */
    return SYS_CALL(SYS_rt_sigprocmask, -1, addr, 0, 8) == -EINVAL;
}
