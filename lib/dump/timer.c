/* What is done by the clock. Owns the moments when it is due; called by dump/control in leaktrace's own thread. */
#include "dump/timer.h"

#include "base/options.h"
#include "base/sys.h"
#include "dump/dump.h"
#include "dump/threshold.h"

#define LOOK_MS 500
#define WATCH_MIN_MS 1000
#define WATCH_MAX_MS 10000
#define MS_NS 1000000ll
#define SECOND_NS 1000000000ll

static struct {
    const struct options *options;
    int64_t dump_ns;       /* INT64_MAX in any of them: not */
    int64_t checkpoint_ns;
    int64_t look_ns;       /* at the thresholds */
    int64_t warmup_ns;
    int64_t watch_ns;
} due;

/* So that the newest state is never older than the option says; but at most half of the time goes into it. */
static void schedule_checkpoint(int64_t began, int64_t took)
{
    int64_t period = due.options->checkpoint_ms * MS_NS;

    due.checkpoint_ns = period == 0 ? INT64_MAX : began + (period > 2 * took ? period : 2 * took);
}

/* With the checkpoints, as far as may be. */
static void schedule_watch(int64_t now)
{
    int64_t period = due.options->checkpoint_ms;

    due.watch_ns = INT64_MAX;
    if (due.options->signal == 0)
        return;
    if (period == 0 || period > WATCH_MAX_MS)
        period = WATCH_MAX_MS;
    due.watch_ns = now + (period < WATCH_MIN_MS ? WATCH_MIN_MS : period) * MS_NS;
}

void timer_init(const struct options *options)
{
    int64_t now = sys_monotonic_ns();

    due.options = options;
    due.dump_ns = options->interval_s == 0 ? INT64_MAX : now + options->interval_s * SECOND_NS;
    due.look_ns = threshold_is_set(options) ? now : INT64_MAX;
    due.warmup_ns = options->warmup_s == 0 ? INT64_MAX : now + options->warmup_s * SECOND_NS;
    schedule_checkpoint(now, 0);
    schedule_watch(now);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t timer_next_ns(void)
{
    return least(least(least(due.dump_ns, due.warmup_ns), least(due.look_ns, due.checkpoint_ns)), due.watch_ns);
}

/* Looking takes longer where there is more to count; it is then done less often. */
static bool look_at_thresholds(int64_t now)
{
    bool has_dumped = threshold_look(due.options);
    int64_t took = sys_monotonic_ns() - now;

    due.look_ns = now + (20 * took > LOOK_MS * MS_NS ? 20 * took : LOOK_MS * MS_NS);
    return has_dumped;
}

bool timer_act(void (*mark)(void), void (*watch)(void))
{
    int64_t now = sys_monotonic_ns();
    bool has_dumped = false;

    if (now >= due.warmup_ns) {
        due.warmup_ns = INT64_MAX;
        mark();
    }
    if (now >= due.watch_ns) {
        schedule_watch(now);
        watch();
    }
    if (now >= due.dump_ns) {
        due.dump_ns = now + due.options->interval_s * SECOND_NS;
        dump_write("interval", true);
        has_dumped = true;
    }
    if (now >= due.look_ns)
        has_dumped = look_at_thresholds(now) || has_dumped;
    if (now >= due.checkpoint_ns) {
        dump_checkpoint();
        schedule_checkpoint(now, sys_monotonic_ns() - now);
    }
    return has_dumped;
}

void timer_after_fork(void)
{
    int64_t now = sys_monotonic_ns();

    threshold_after_fork();
    schedule_checkpoint(now, 0);
    schedule_watch(now);
}
