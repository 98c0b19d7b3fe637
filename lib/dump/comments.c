/* The comments of a dump. Owns nothing; called by dump/dump. */
#include "dump/comments.h"

#include "base/limits.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/threshold.h"
#include "store/counters.h"
#include "store/epoch.h"
#include "store/fd_table.h"
#include "store/site_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define COMMAND_MAX 512

static struct {
    pid_t parent;               /* whatever it is; 0: unknown */
    char name[COMMAND_MAX / 2]; /* framework and name; empty: none */
} test;

static struct {
    pid_t parent;    /* 0: this process was not forked by a traced one */
    int64_t born_ns; /* CLOCK_MONOTONIC of the fork */
    uint32_t mark;   /* the growth mark that the fork has set */
} origin;

void comments_after_fork(pid_t parent)
{
    origin.parent = parent;
    origin.born_ns = sys_monotonic_ns();
    origin.mark = epoch_mark();
}

/* What is no printable ASCII becomes '?'. */
static void make_printable(char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < ' ' || bytes[i] > '~')
            bytes[i] = '?';
}

void comments_set_test(pid_t parent, const char *framework, const char *name)
{
    struct text text = TEXT_ON(test.name);

    test.parent = parent;
    test.name[0] = '\0';
    if (framework == NULL)
        return;
    text_format(&text, "%s %s", framework, name);
    make_printable(test.name, text.len);
}

static int add(struct comments *comments, const char *key, const char *value)
{
    char buf[COMMAND_MAX + 64];
    struct text line = TEXT_ON(buf);

    if (comments->count == COMMENTS_MAX)
        return -E2BIG;
    text_format(&line, "%s %s", key, value);
    comments->lines[comments->count] = arena_strndup(comments->arena, buf, line.len);
    if (comments->lines[comments->count] == NULL)
        return -ENOMEM;
    comments->count++;
    return 0;
}

static int add_number(struct comments *comments, const char *key, int64_t value)
{
    char buf[32];
    struct text number = TEXT_ON(buf);

    text_add_int(&number, value);
    return add(comments, key, buf);
}

/* The command line, its words separated by blanks; what is no printable ASCII becomes '?'. */
static int add_command(struct comments *comments)
{
    char buf[COMMAND_MAX];
    int fd = sys_open("/proc/thread-self/cmdline", O_RDONLY, 0);
    ssize_t len = fd < 0 ? 0 : sys_read(fd, buf, sizeof(buf) - 1);

    if (fd >= 0)
        sys_close(fd);
    while (len > 0 && buf[len - 1] == '\0')
        len--;
    len = len < 0 ? 0 : len;
    for (ssize_t i = 0; i < len; i++)
        buf[i] = buf[i] == '\0' ? ' ' : buf[i];
    make_printable(buf, (size_t)len);
    buf[len] = '\0';
    return add(comments, "command", buf);
}

int64_t comments_truncated_stacks(void)
{
    uint32_t count = site_table_count();
    int64_t truncated = 0;

    for (uint32_t id = 1; id <= count; id++)
        truncated += site_is_truncated(site_table_get(id));
    return truncated;
}

/* Those that were open before the fork, and still are. */
static int64_t inherited_fds(void)
{
    int limit = fd_table_limit();
    struct fd_entry entry;
    int64_t inherited = 0;

    for (int fd = 0; fd < limit; fd++)
        inherited += fd_table_get(fd, &entry) && entry.born_ns <= origin.born_ns;
    return inherited;
}

/* Of heap blocks it is known until another mark is set. */
static int add_origin(struct comments *comments, const struct snapshot_totals *heap)
{
    int result;

    if (origin.parent == 0)
        return 0;
    result = add_number(comments, "forked_from", origin.parent);
    result |= add_number(comments, "inherited_fds", inherited_fds());
    if (origin.mark != epoch_mark())
        return result;
    result |= add_number(comments, "inherited_objects", (int64_t)(heap->objects - heap->growth_objects));
    return result | add_number(comments, "inherited_bytes", (int64_t)(heap->bytes - heap->growth_bytes));
}

/* Test suites name their tests by the folder that they run in. */
static int add_folder(struct comments *comments)
{
    char buf[COMMAND_MAX];
    ssize_t len = sys_readlink("/proc/thread-self/cwd", buf, sizeof(buf) - 1);

    if (len <= 0)
        return 0;
    make_printable(buf, (size_t)len);
    buf[len] = '\0';
    return add(comments, "folder", buf);
}

static int add_test(struct comments *comments)
{
    int result = test.parent == 0 ? 0 : add_number(comments, "parent", test.parent);

    return test.name[0] == '\0' ? result : result | add(comments, "test", test.name);
}

static int add_leaks(struct comments *comments, const struct snapshot_leaks *leaks)
{
    int result;

    if (!leaks->is_known)
        return 0;
    result = add_number(comments, "leak_scan_bytes", leaks->bytes);
    result |= add_number(comments, "leak_scan_ns", leaks->ns);
    result |= add_number(comments, "leak_scan_own_bytes", leaks->own_bytes);
    result |= add_number(comments, "leak_threads", leaks->threads);
    return result | add_number(comments, "leak_threads_missed", leaks->threads_missed);
}

/* -1: there is none that is known. */
static int add_limit(struct comments *comments, const char *key, uint64_t limit)
{
    return add_number(comments, key, limit > INT64_MAX ? -1 : (int64_t)limit);
}

/* What is left until the process can take no more. */
static int add_limits(struct comments *comments)
{
    int result = add_number(comments, "resident_bytes", (int64_t)threshold_resident_bytes());

    result |= add_limit(comments, "limit_memory_bytes", limits_memory());
    result |= add_limit(comments, "limit_fds", limits_fds());
    return result | add_limit(comments, "limit_threads", limits_threads());
}

int comments_write(struct comments *comments, const struct options *options, const struct snapshot *snapshot, const char *reason,
                   int64_t own_cpu_ns)
{
    int result = add(comments, "leaktrace", LEAKTRACE_VERSION);

    result |= add_number(comments, "pid", sys_getpid());
    result |= add_origin(comments, &snapshot->totals[KIND_HEAP]);
    result |= add_command(comments);
    result |= add_folder(comments);
    result |= add_test(comments);
    result |= add(comments, "options", options->as_given);
    result |= add(comments, "reason", reason);
    result |= add_limits(comments);
    result |= add_number(comments, "dropped_events", (int64_t)counters_dropped());
    result |= add_number(comments, "sample_bytes", (int64_t)options->sample_bytes);
    result |= add_number(comments, "stacks", site_table_count());
    result |= add_number(comments, "truncated_stacks", comments_truncated_stacks());
    result |= add_number(comments, "unattributed_fds", snapshot->unattributed_fds);
    result |= add_number(comments, "unattributed_threads", snapshot->unattributed_threads);
    for (enum counter counter = 0; counter < COUNTER_MAX; counter++)
        result |= add_number(comments, counter_names[counter], (int64_t)counters_get(counter));
    result |= add_number(comments, "lock_timeouts", (int64_t)lock_timeouts());
    result |= add_number(comments, "lock_waits", (int64_t)lock_waits());
    result |= add(comments, "names", comments->has_all_names ? "complete" : "incomplete");
    result |= add(comments, "own_descriptors", own_fd_is_separate() ? "separate" : "shared");
    result |= add_number(comments, "acquired_meanwhile", snapshot->acquired_meanwhile);
    result |= add_leaks(comments, &snapshot->leaks);
    result |= add_number(comments, "own_cpu_ns", own_cpu_ns);
    result |= add_number(comments, "own_memory_bytes", (int64_t)memory_used());
    result |= add_number(comments, "pause_ns", snapshot->pause_ns);
    return result == 0 ? 0 : -ENOMEM;
}
