/* Hooks of sockets, of the other kinds of descriptors, and of what duplicates and closes them. Owns nothing. */
#include "hook/hook_fd.h"
#include "hook/real.h"
#include "record/record.h"

#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static inline __attribute__((always_inline)) void acquire_pair(int result, const int *fds, const struct stack_frame *caller)
{
    if (result != 0)
        return;
    record_fd_acquire(fds[0], false, caller);
    record_fd_acquire(fds[1], false, caller);
}

HOOK int socket(int domain, int type, int protocol)
{
    int fd = real_socket(domain, type, protocol);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int socketpair(int domain, int type, int protocol, int fds[2])
{
    int result = real_socketpair(domain, type, protocol, fds);

    acquire_pair(result, fds, STACK_CALLER);
    return result;
}

HOOK int accept(int listener, struct sockaddr *restrict addr, socklen_t *restrict len)
{
    int fd = real_accept(listener, addr, len);

    record_fd_acquire(fd, true, STACK_CALLER);
    return fd;
}

HOOK int accept4(int listener, struct sockaddr *restrict addr, socklen_t *restrict len, int flags)
{
    int fd = real_accept4(listener, addr, len, flags);

    record_fd_acquire(fd, true, STACK_CALLER);
    return fd;
}

HOOK int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    /* Before the call: the address is the peer's whether it answers now, later (EINPROGRESS) or never. */
    record_fd_peer(fd, addr, len);
    return real_connect(fd, addr, len);
}

HOOK int pipe(int fds[2])
{
    int result = real_pipe(fds);

    acquire_pair(result, fds, STACK_CALLER);
    return result;
}

HOOK int pipe2(int fds[2], int flags)
{
    int result = real_pipe2(fds, flags);

    acquire_pair(result, fds, STACK_CALLER);
    return result;
}

HOOK int dup(int old)
{
    int fd = real_dup(old);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int dup2(int old, int fresh)
{
    struct fd_entry released;
    bool known = old != fresh && record_fd_release(fresh, &released);
    int fd = real_dup2(old, fresh);

    if (known && fd < 0)
        record_fd_restore(fresh, &released);
    if (old != fresh)
        record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int dup3(int old, int fresh, int flags)
{
    struct fd_entry released;
    bool known = old != fresh && record_fd_release(fresh, &released);
    int fd = real_dup3(old, fresh, flags);

    if (known && fd < 0)
        record_fd_restore(fresh, &released);
    if (old != fresh)
        record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int fcntl(int fd, int command, ...)
{
    va_list args;
    void *argument;
    int result;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    result = real_fcntl(fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        record_fd_acquire(result, false, STACK_CALLER);
    return result;
}

HOOK int fcntl64(int fd, int command, ...)
{
    va_list args;
    void *argument;
    int result;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    result = real_fcntl64(fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        record_fd_acquire(result, false, STACK_CALLER);
    return result;
}

HOOK int eventfd(unsigned count, int flags)
{
    int fd = real_eventfd(count, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int epoll_create(int size)
{
    int fd = real_epoll_create(size);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int epoll_create1(int flags)
{
    int fd = real_epoll_create1(flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int timerfd_create(int clock, int flags)
{
    int fd = real_timerfd_create(clock, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int inotify_init(void)
{
    int fd = real_inotify_init();

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int inotify_init1(int flags)
{
    int fd = real_inotify_init1(flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int fanotify_init(unsigned flags, unsigned event_flags)
{
    int fd = real_fanotify_init(flags, event_flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int pidfd_open(pid_t pid, unsigned flags)
{
    int fd = real_pidfd_open(pid, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int signalfd(int old, const sigset_t *mask, int flags)
{
    int fd = real_signalfd(old, mask, flags);

    hook_fd_signals_are_read(mask);
    /* With a descriptor given it only changes that one. */
    if (old == -1)
        record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int close(int fd)
{
    struct fd_entry released;

    /* Nothing to put back: on Linux the number is free after close whatever it returns, but for EBADF. */
    record_fd_release(fd, &released);
    return real_close(fd);
}

HOOK int close_range(unsigned first, unsigned last, int flags)
{
    /* With CLOSE_RANGE_CLOEXEC nothing is closed yet; with UNSHARE it is, in a table of the thread's own. */
    if (first <= last && (flags & ~(int)CLOSE_RANGE_UNSHARE) == 0)
        record_fd_release_range(first, last);
    return real_close_range(first, last, flags);
}

HOOK void closefrom(int first)
{
    record_fd_release_range(first < 0 ? 0 : (unsigned)first, ~0u);
    real_closefrom(first);
}
