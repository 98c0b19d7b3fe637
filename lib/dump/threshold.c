/* Dumps at thresholds. Owns which figures are past theirs; called by dump/control. */
#include "dump/threshold.h"

#include "base/limits.h"
#include "base/options.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/dump.h"
#include "store/fd_table.h"
#include "store/site_table.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#define PAGE 4096

enum figure { FIGURE_RSS, FIGURE_FDS, FIGURE_THREADS, FIGURE_MAX };

/* Second number of the file: pages in memory. */
uint64_t threshold_resident_bytes(void)
{
    int fd = sys_open("/proc/thread-self/statm", O_RDONLY, 0);
    char buf[128] = "";
    uint64_t pages = 0;
    const char *at = buf;

    if (fd < 0)
        return 0;
    if (sys_read(fd, buf, sizeof(buf) - 1) < 0)
        buf[0] = '\0';
    sys_close(fd);
    while (*at != ' ' && *at != '\0')
        at++;
    for (at += *at == ' '; *at >= '0' && *at <= '9'; at++)
        pages = pages * 10 + (uint64_t)(*at - '0');
    return pages * PAGE;
}

/* What is in the table, where the kernel does not count. */
static uint64_t count_known_fds(void)
{
    int limit = fd_table_limit();
    struct fd_entry entry;
    uint64_t count = 0;

    for (int fd = 0; fd < limit; fd++)
        count += fd_table_get(fd, &entry);
    return count;
}

/* Linux 6.2 tells the number as the size of the folder. */
static uint64_t count_fds(void)
{
    struct stat st;

    return sys_lstat("/proc/self/fd", &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : count_known_fds();
}

static uint64_t count_threads(void)
{
    struct stat st;
    uint64_t ours = 2 + own_fd_tasks(); /* of the folder's links two are no tasks */

    return sys_lstat("/proc/self/task", &st) == 0 && st.st_nlink > ours ? st.st_nlink - ours : 0;
}

static const struct {
    const char *name;
    size_t option;
    uint64_t (*read)(void);
    uint64_t (*limit)(void);
} figures[FIGURE_MAX] = {
    [FIGURE_RSS] = {"at_rss", offsetof(struct options, at_rss), threshold_resident_bytes, limits_memory},
    [FIGURE_FDS] = {"at_fds", offsetof(struct options, at_fds), count_fds, limits_fds},
    [FIGURE_THREADS] = {"at_threads", offsetof(struct options, at_threads), count_threads, limits_threads},
};

static struct {
    bool passed[FIGURE_MAX];
    uint32_t ready_for; /* sites that there were when a dump was last made ready */
} state;

/* In the figure's unit; UINT64_MAX: none. */
static uint64_t threshold_of(const struct options *options, enum figure figure)
{
    const struct option_threshold *threshold = (const void *)((const char *)options + figures[figure].option);
    uint64_t limit;

    if (threshold->percent == 0)
        return threshold->value == 0 ? UINT64_MAX : threshold->value;
    limit = figures[figure].limit();
    return limit == UINT64_MAX ? UINT64_MAX : limit / 100 * threshold->percent + limit % 100 * threshold->percent / 100;
}

bool threshold_is_set(const struct options *options)
{
    for (enum figure figure = 0; figure < FIGURE_MAX; figure++) {
        const struct option_threshold *threshold = (const void *)((const char *)options + figures[figure].option);

        if (threshold->value != 0 || threshold->percent != 0)
            return true;
    }
    return false;
}

/* Whether it has passed its threshold since the last look. */
static bool has_just_passed(enum figure figure, uint64_t value, uint64_t threshold)
{
    bool before = state.passed[figure];

    if (value > threshold)
        state.passed[figure] = true;
    else if (value < threshold - threshold / 10)
        state.passed[figure] = false;
    return state.passed[figure] && !before;
}

static void dump_for(enum figure figure, uint64_t value, uint64_t threshold)
{
    char buf[96];
    struct text reason = TEXT_ON(buf);

    text_format(&reason, "%s: %lu is past %lu", figures[figure].name, value, threshold);
    dump_write(buf, false);
}

/* A dump needs more for more sites; a quarter more has been prepared for. */
static void make_ready(void)
{
    uint32_t sites = site_table_count();

    if (state.ready_for != 0 && sites <= state.ready_for + state.ready_for / 8)
        return;
    if (dump_rehearse() == 0)
        state.ready_for = sites;
}

bool threshold_look(const struct options *options)
{
    bool any_passed = false, any_dump = false;

    for (enum figure figure = 0; figure < FIGURE_MAX; figure++) {
        uint64_t threshold = threshold_of(options, figure);
        uint64_t value = threshold == UINT64_MAX ? 0 : figures[figure].read();

        if (threshold != UINT64_MAX && has_just_passed(figure, value, threshold)) {
            dump_for(figure, value, threshold);
            any_dump = true;
        }
        any_passed = any_passed || state.passed[figure];
    }
    if (!any_passed)
        make_ready();
    return any_dump;
}

void threshold_after_fork(void)
{
    for (enum figure figure = 0; figure < FIGURE_MAX; figure++)
        state.passed[figure] = false;
    state.ready_for = 0;
}
