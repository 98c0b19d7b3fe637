/* Hooks of streams and folders: libc opens and closes their descriptors by calls of its own that no hook sees. Owns nothing. */
#include "hook/real.h"
#include "record/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

/* -1 for a stream that has none (open_memstream); errno stays. */
static int descriptor_of(FILE *stream)
{
    int saved_errno = errno;
    int fd = fileno_unlocked(stream);

    errno = saved_errno;
    return fd;
}

static inline __attribute__((always_inline)) void acquire_stream(FILE *stream, const struct stack_frame *caller)
{
    if (stream != NULL)
        record_fd_acquire(descriptor_of(stream), false, caller);
}

static inline __attribute__((always_inline)) bool release_stream(FILE *stream, struct fd_entry *ret_released)
{
    return stream != NULL && record_fd_release(descriptor_of(stream), ret_released);
}

HOOK FILE *fopen(const char *restrict path, const char *restrict mode)
{
    FILE *stream = real_fopen(path, mode);

    acquire_stream(stream, STACK_CALLER);
    return stream;
}

HOOK FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    FILE *stream = real_fopen64(path, mode);

    acquire_stream(stream, STACK_CALLER);
    return stream;
}

HOOK FILE *tmpfile(void)
{
    FILE *stream = real_tmpfile();

    acquire_stream(stream, STACK_CALLER);
    return stream;
}

HOOK FILE *tmpfile64(void)
{
    FILE *stream = real_tmpfile64();

    acquire_stream(stream, STACK_CALLER);
    return stream;
}

HOOK FILE *popen(const char *command, const char *mode)
{
    FILE *stream = real_popen(command, mode);

    acquire_stream(stream, STACK_CALLER);
    return stream;
}

HOOK FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    struct fd_entry released;
    FILE *fresh;

    /* The old descriptor is closed even when the new one cannot be opened. */
    release_stream(stream, &released);
    fresh = real_freopen(path, mode, stream);
    acquire_stream(fresh, STACK_CALLER);
    return fresh;
}

HOOK FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    struct fd_entry released;
    FILE *fresh;

    /* The old descriptor is closed even when the new one cannot be opened. */
    release_stream(stream, &released);
    fresh = real_freopen64(path, mode, stream);
    acquire_stream(fresh, STACK_CALLER);
    return fresh;
}

HOOK int fclose(FILE *stream)
{
    struct fd_entry released;

    release_stream(stream, &released);
    return real_fclose(stream);
}

HOOK int pclose(FILE *stream)
{
    struct fd_entry released;

    release_stream(stream, &released);
    return real_pclose(stream);
}

HOOK DIR *opendir(const char *path)
{
    DIR *folder = real_opendir(path);

    if (folder != NULL)
        record_fd_acquire(dirfd(folder), false, STACK_CALLER);
    return folder;
}

HOOK int closedir(DIR *folder)
{
    struct fd_entry released;

    if (folder != NULL)
        record_fd_release(dirfd(folder), &released);
    return real_closedir(folder);
}
