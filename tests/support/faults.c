/*
 * Makes leaktrace's own calls fail, for tests/integration/faults.bats: the library of all objects of libleaktrace.so and this
 * file, in which the linker has put each __wrap_ function in the place of the function of lib/base (see tests/CMakeLists.txt).
 *
 * The variable LEAKTRACE_FAULT says what fails, as CALL:N:SHOWN, the N-th call of that name in a process, or CALL:N+:SHOWN, that one
 * and all behind it. "quota" is a write for which the user may have no room, "read_only" a rename, and all that changes the disk
 * behind it. The file SHOWN is made when a call has failed, so that a test knows that there was an N-th.
 */
#include "base/arena.h"
#include "base/options.h"
#include "base/sys.h"
#include "dump/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function behind the wrapper, and the wrapper. */
#define WRAP(result, name, parameters)                                                                                         \
    result __real_##name parameters;                                                                                           \
    result __wrap_##name parameters;                                                                                           \
    result __wrap_##name parameters

enum call {
    ARENA, MAP, OPEN, READ, WRITE, QUOTA, CLOSE, FSTAT, LSTAT, READLINK, GETDENTS, MKDIR, RENAME, UNLINK, READ_ONLY, THREAD, CALL_MAX
};

static const char *const names[CALL_MAX] = {
    "arena", "map", "open", "read", "write", "quota", "close", "fstat", "lstat", "readlink", "getdents", "mkdir", "rename", "unlink",
    "read_only", "thread",
};

static struct {
    bool read;
    enum call call; /* CALL_MAX: none fails */
    unsigned long n;
    bool on; /* all behind it, too */
    const char *shown;
    unsigned long calls;
    int disk_fd; /* of the file that is being written, but for the log */
} fault = {.disk_fd = -1};

int __real_sys_open(const char *path, int flags, int mode);
int __real_sys_close(int fd);
int __real_sys_lstat(const char *path, struct stat *ret_st);

/* At the first call, which may come before main and before any constructor. */
static void read_fault(char **variables)
{
    const char *text = NULL;
    size_t len;
    char *end;

    fault.call = CALL_MAX;
    fault.read = variables != NULL;
    for (; variables != NULL && *variables != NULL; variables++)
        if (strncmp(*variables, "LEAKTRACE_FAULT=", 16) == 0)
            text = *variables + 16;
    if (text == NULL)
        return;
    len = strcspn(text, ":");
    fault.call = 0;
    while (fault.call < CALL_MAX && (strlen(names[fault.call]) != len || strncmp(text, names[fault.call], len) != 0))
        fault.call++;
    fault.n = strtoul(text + len + 1, &end, 10);
    fault.on = *end == '+';
    fault.shown = end + fault.on + 1;
}

static bool fails(enum call call)
{
    unsigned long number;
    int fd;

    if (!fault.read)
        read_fault(environ);
    if (fault.call != call)
        return false;
    number = __atomic_add_fetch(&fault.calls, 1, __ATOMIC_RELAXED);
    if (number != fault.n && !(fault.on && number > fault.n))
        return false;
    fd = __real_sys_open(fault.shown, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        __real_sys_close(fd);
    return true;
}

WRAP(void *, arena_alloc, (struct arena *arena, size_t size))
{
    return fails(ARENA) ? NULL : __real_arena_alloc(arena, size);
}

WRAP(char *, arena_strndup, (struct arena *arena, const char *text, size_t len))
{
    return fails(ARENA) ? NULL : __real_arena_strndup(arena, text, len);
}

WRAP(void *, arena_grow, (struct arena *arena, void *old, size_t old_size, size_t new_size))
{
    return fails(ARENA) ? NULL : __real_arena_grow(arena, old, old_size, new_size);
}

WRAP(void *, sys_map, (size_t len))
{
    return fails(MAP) ? NULL : __real_sys_map(len);
}

/* The disk has become read-only in the N-th rename, and is so as long as the file SHOWN is there. */
static bool is_read_only(void)
{
    struct stat st;

    return fault.read && fault.call == READ_ONLY && __atomic_load_n(&fault.calls, __ATOMIC_RELAXED) >= fault.n &&
           __real_sys_lstat(fault.shown, &st) == 0;
}

WRAP(int, sys_open, (const char *path, int flags, int mode))
{
    int fd;

    if ((flags & O_TRUNC) != 0 && is_read_only())
        return -EROFS;
    fd = fails(OPEN) ? -EMFILE : __real_sys_open(path, flags, mode);
    if ((flags & O_TRUNC) != 0)
        fault.disk_fd = fd;
    return fd;
}

WRAP(ssize_t, sys_read, (int fd, void *buf, size_t len))
{
    return fails(READ) ? -EIO : __real_sys_read(fd, buf, len);
}

/* A disk that is full takes half of it, and so does one on which the user may have no more. */
WRAP(int, sys_write_all, (int fd, const void *buf, size_t len))
{
    bool is_full = fails(WRITE), is_all_used = fd == fault.disk_fd && fails(QUOTA);

    if (!is_full && !is_all_used)
        return __real_sys_write_all(fd, buf, len);
    __real_sys_write_all(fd, buf, len / 2);
    return is_full ? -ENOSPC : -EDQUOT;
}

/* As on NFS, where it is told at the end; the descriptor is closed all the same. */
WRAP(int, sys_close, (int fd))
{
    bool is_all_used = fd >= 0 && fd == fault.disk_fd && fails(CLOSE);
    int result = __real_sys_close(fd);

    if (fd == fault.disk_fd)
        fault.disk_fd = -1;
    return is_all_used ? -EDQUOT : result;
}

WRAP(int, sys_fstat, (int fd, struct stat *ret_st))
{
    return fails(FSTAT) ? -EIO : __real_sys_fstat(fd, ret_st);
}

WRAP(int, sys_lstat, (const char *path, struct stat *ret_st))
{
    return fails(LSTAT) ? -EACCES : __real_sys_lstat(path, ret_st);
}

WRAP(ssize_t, sys_readlink, (const char *path, char *buf, size_t len))
{
    return fails(READLINK) ? -EACCES : __real_sys_readlink(path, buf, len);
}

WRAP(ssize_t, sys_getdents, (int fd, void *buf, size_t len))
{
    return fails(GETDENTS) ? -EIO : __real_sys_getdents(fd, buf, len);
}

WRAP(int, sys_mkdir, (const char *path, int mode))
{
    return fails(MKDIR) ? -ENOSPC : __real_sys_mkdir(path, mode);
}

WRAP(int, sys_rename, (const char *from, const char *to))
{
    if (fails(READ_ONLY) || is_read_only())
        return -EROFS;
    return fails(RENAME) ? -EIO : __real_sys_rename(from, to);
}

WRAP(int, sys_unlink, (const char *path))
{
    return fails(UNLINK) || is_read_only() ? -EROFS : __real_sys_unlink(path);
}

static struct control_actions actions;

static int create_thread(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    return fails(THREAD) ? EAGAIN : actions.create_thread(thread, attr, run, arg);
}

WRAP(void, control_init, (const struct options *options, const struct control_actions *given))
{
    struct control_actions failing = *given;

    actions = *given;
    failing.create_thread = create_thread;
    __real_control_init(options, &failing);
}
