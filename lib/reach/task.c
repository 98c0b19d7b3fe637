/* What the kernel says of a task. Owns nothing; called by reach/park. */
#include "reach/task.h"

#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_gone(const char *status)
{
    const char *line = strstr(status, "\nState:\t");

    return line != NULL && (line[8] == 'Z' || line[8] == 'X');
}

/* Threads block all signals for a moment when they make others, fork or end. */
static bool blocks_signal(const char *status, int sig)
{
    const char *line = strstr(status, "\nSigBlk:\t");
    uint64_t mask = 0;

    for (const char *at = line == NULL ? "" : line + 9; *at != '\0' && *at != '\n'; at++)
        mask = mask << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return (mask & 1ull << (sig - 1)) != 0;
}

enum task_hope task_look(pid_t tid, int sig)
{
    char buf[2048], path_buf[64];
    struct text path = TEXT_ON(path_buf);
    ssize_t len;
    int fd;

    text_format(&path, "/proc/self/task/%d/status", tid);
    fd = sys_open(path_buf, O_RDONLY, 0);
    len = fd < 0 ? fd : sys_read(fd, buf, sizeof(buf) - 1);
    if (fd >= 0)
        sys_close(fd);
    if (len < 0)
        return len == -ENOENT || len == -ESRCH ? TASK_GONE : TASK_COMES;
    buf[len] = '\0';
    if (is_gone(buf))
        return TASK_GONE;
    return blocks_signal(buf, sig) ? TASK_BLOCKS : TASK_COMES;
}
