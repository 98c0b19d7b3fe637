/* Hooks of the functions that open files by name or description. Owns nothing. The mode of open is passed on as it
   is, a meaningless one where the caller gave none: the kernel looks at it only when a file is made. */
#include "hook/real.h"
#include "record/record.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

HOOK int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    fd = real_open(path, flags, mode);
    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    fd = real_open64(path, flags, mode);
    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    fd = real_openat(folder, path, flags, mode);
    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int openat64(int folder, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    fd = real_openat64(folder, path, flags, mode);
    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int __open_2(const char *path, int flags)
{
    int fd = real___open_2(path, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int __open64_2(const char *path, int flags)
{
    int fd = real___open64_2(path, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int __openat_2(int folder, const char *path, int flags)
{
    int fd = real___openat_2(folder, path, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int __openat64_2(int folder, const char *path, int flags)
{
    int fd = real___openat64_2(folder, path, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int creat(const char *path, mode_t mode)
{
    int fd = real_creat(path, mode);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int creat64(const char *path, mode_t mode)
{
    int fd = real_creat64(path, mode);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
    int fd = real_open_by_handle_at(mount, handle, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkstemp(char *pattern)
{
    int fd = real_mkstemp(pattern);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkstemp64(char *pattern)
{
    int fd = real_mkstemp64(pattern);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkostemp(char *pattern, int flags)
{
    int fd = real_mkostemp(pattern, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkostemp64(char *pattern, int flags)
{
    int fd = real_mkostemp64(pattern, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkstemps(char *pattern, int suffix_len)
{
    int fd = real_mkstemps(pattern, suffix_len);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkstemps64(char *pattern, int suffix_len)
{
    int fd = real_mkstemps64(pattern, suffix_len);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkostemps(char *pattern, int suffix_len, int flags)
{
    int fd = real_mkostemps(pattern, suffix_len, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int mkostemps64(char *pattern, int suffix_len, int flags)
{
    int fd = real_mkostemps64(pattern, suffix_len, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int shm_open(const char *name, int flags, mode_t mode)
{
    int fd = real_shm_open(name, flags, mode);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int posix_openpt(int flags)
{
    int fd = real_posix_openpt(flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}

HOOK int memfd_create(const char *name, unsigned flags)
{
    int fd = real_memfd_create(name, flags);

    record_fd_acquire(fd, false, STACK_CALLER);
    return fd;
}
