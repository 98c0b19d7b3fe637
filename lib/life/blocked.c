/*
 * Whether the program blocks a signal. Owns nothing; called by life/signal in leaktrace's thread.
 *
 * Programs block signals for moments, and servers at all times but while they wait for what is next (ppoll). So what a thread
 * that runs has blocked says nothing, unless the signal waits already.
 */
#include "life/life.h"

#include "base/entries.h"
#include "base/sys.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>

#define TASK_FOLDER "/proc/self/task"

static uint64_t hex(const char *digits)
{
    uint64_t number = 0;

    for (; (*digits >= '0' && *digits <= '9') || (*digits >= 'a' && *digits <= 'f'); digits++)
        number = number << 4 | (uint64_t)(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
    return number;
}

/* What stands behind the key in the text of /proc/PID/status; empty when it has no such line. */
static const char *value_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at == NULL ? "" : at + strlen(key);
}

static bool read_status(const char *task, char *ret_text, size_t size)
{
    char buf[64];
    struct text path = TEXT_ON(buf);
    ssize_t len;
    int fd;

    text_format(&path, TASK_FOLDER "/%s/status", task);
    fd = path.cut ? -1 : sys_open(buf, O_RDONLY, 0);
    if (fd < 0)
        return false;
    len = sys_read(fd, ret_text, size - 1);
    sys_close(fd);
    ret_text[len < 0 ? 0 : len] = '\0';
    return len > 0;
}

/* Of one that has ended meanwhile or is about to, too. */
static bool task_blocks(const char *task, uint64_t signal)
{
    char text[4096];
    uint64_t waiting;
    char state;

    if (!read_status(task, text, sizeof(text)))
        return true;
    state = *value_of(text, "\nState:\t");
    if (state == 'Z' || state == 'X')
        return true;
    waiting = hex(value_of(text, "\nSigPnd:\t")) | hex(value_of(text, "\nShdPnd:\t"));
    return (hex(value_of(text, "\nSigBlk:\t")) & signal) != 0 && (state == 'S' || (waiting & signal) != 0);
}

bool blocked_everywhere(int sig)
{
    char own_buf[16];
    struct text own = TEXT_ON(own_buf);
    struct entries tasks;
    const char *task;
    bool blocked = true;

    if (entries_open(&tasks, TASK_FOLDER) != 0)
        return false;
    text_format(&own, "%d", sys_gettid());
    while (blocked && (task = entries_next(&tasks)) != NULL)
        blocked = strcmp(task, own_buf) == 0 || task_blocks(task, 1ull << (sig - 1));
    entries_close(&tasks);
    return blocked;
}
