/*
 * System calls made directly, never through libc.
 *
 * The preloaded object may interpose libc's names and may run inside any of them, so its own I/O and waiting go
 * through here. Every function returns the kernel's result: >= 0, or -errno; errno itself is never touched.
 * Safe in any thread, in signal handlers and after fork.
 */
#ifndef LEAKTRACE_BASE_SYS_H
#define LEAKTRACE_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

struct stat;
struct timespec;

#if !defined(__x86_64__)
#error "leaktrace has system calls and unwind rules for x86-64 Linux only"
#endif

static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

#define SYS_CALL(nr, a, b, c, d) sys_call6((nr), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

int sys_open(const char *path, int flags, int mode);
int sys_close(int fd);
ssize_t sys_read(int fd, void *buf, size_t len);
/* Writes all of it, also after short writes and EINTR; 0 or -errno. */
int sys_write_all(int fd, const void *buf, size_t len);
int sys_fstat(int fd, struct stat *ret_st);
int sys_lstat(const char *path, struct stat *ret_st);
int sys_mkdir(const char *path, int mode);
int sys_rename(const char *from, const char *to);
int sys_unlink(const char *path);
/* Sets the file's times to now. */
int sys_touch(const char *path);
ssize_t sys_readlink(const char *path, char *buf, size_t len);
ssize_t sys_getdents(int fd, void *buf, size_t len);

/* Private anonymous memory, zeroed; NULL when there is none. */
void *sys_map(size_t len);
/* A read-only private view of a file; NULL when it cannot be mapped. */
void *sys_map_file(int fd, size_t len);
void sys_unmap(void *ptr, size_t len);
/* Zeroes the pages by giving back their memory. */
void sys_discard(void *ptr, size_t len);
/* Asks for huge pages; where there are none, nothing happens. */
void sys_advise_huge(void *ptr, size_t len);

pid_t sys_getpid(void);
pid_t sys_gettid(void);
void sys_sleep_ns(long ns); /* less than a second */
int sys_tgkill(pid_t pid, pid_t tid, int sig);
void sys_yield(void);

/* Waits while *word == expected, at most `timeout` (NULL: for ever). 0, or -EAGAIN, -EINTR, -ETIMEDOUT. */
int sys_futex_wait(int *word, int expected, const struct timespec *timeout);
void sys_futex_wake(int *word, int waiters);

/* Nanoseconds of CLOCK_REALTIME and CLOCK_MONOTONIC, straight from the kernel (a preloaded libfaketime does not reach them). */
int64_t sys_realtime_ns(void);
int64_t sys_monotonic_ns(void);

/* Processor time of the calling thread, in nanoseconds. */
int64_t sys_thread_cpu_ns(void);

/* Whether the eight bytes at `addr` can be read; asks the kernel, never faults. */
bool sys_readable(uintptr_t addr);

#endif
