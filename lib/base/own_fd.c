/* The descriptor table of leaktrace's thread. Owns the knowledge that it is separate; called by dump/ and snapshot/. */
#include "base/own_fd.h"

#include "base/sys.h"

#include <errno.h>
#include <sched.h>

static bool stays_shared;
static __thread bool separate __attribute__((tls_model("initial-exec")));

void own_fd_stay_shared(void)
{
    stays_shared = true;
}

void own_fd_separate(void)
{
    if (stays_shared || SYS_CALL(SYS_unshare, CLONE_FILES, 0, 0, 0) != 0)
        return;
    separate = true;
    if (SYS_CALL(SYS_close_range, 0, ~0u, 0, 0) == -ENOSYS)
        for (int fd = 0; fd < 65536; fd++)
            sys_close(fd);
}

bool own_fd_is_separate(void)
{
    return separate;
}

int own_fd_borrow(int fd)
{
    int process, borrowed;

    if (!separate)
        return fd;
    if (stays_shared)
        return -EPERM;
    process = (int)SYS_CALL(SYS_pidfd_open, sys_getpid(), 0, 0, 0);
    if (process < 0)
        return process;
    borrowed = (int)SYS_CALL(SYS_pidfd_getfd, process, fd, 0, 0);
    sys_close(process);
    return borrowed;
}

void own_fd_return(int borrowed)
{
    if (separate)
        sys_close(borrowed);
}
