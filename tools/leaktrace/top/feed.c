/* Asking a process again and again. Owns nothing but what is in `feed`; called by cmd_top.c. */
#include "top/feed.h"

#include "base/text.h"
#include "common.h"
#include "profile/source.h"
#include "series/sites.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000ll
#define PATIENCE_MS 1000
/* The share of a processor that asking may take is one in so many: a little less than 1 %. */
#define COST_SHARE 125

int64_t feed_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* What the last request has cost, with what the process has done for itself meanwhile, says when the next may come. The
   first one finds the names of all functions, which the others need not. */
static void plan(struct feed *feed)
{
    int64_t spent = feed->target.status.own_cpu_ns, cost = feed->period_ns == 0 ? 0 : spent - feed->before_ns;

    feed->period_ns = cost * COST_SHARE > feed->least_period_ns ? cost * COST_SHARE : feed->least_period_ns;
    feed->before_ns = spent;
}

/* The longer it took, the longer it may take. */
static int patience_ms(const struct feed *feed)
{
    return PATIENCE_MS + (int)(feed->period_ns / COST_SHARE * 3 / 1000000);
}

static int explain(struct feed *feed, struct text *ret_why)
{
    const struct target *target = &feed->target;

    feed->has_ended = kill(feed->pid, 0) != 0 && errno == ESRCH;
    if (feed->has_ended) {
        text_format(ret_why, "process %d has ended", feed->pid);
        return -ESRCH;
    }
    if (target->outcome == TARGET_ANSWERED)
        text_format(ret_why, "process %d: %s", feed->pid, target->text);
    else
        text_format(ret_why, "process %d does not answer", feed->pid);
    return -EIO;
}

/* A process is looked for anew when it did not answer: it may have become another program by exec. */
static int ask(struct feed *feed, struct text *ret_why)
{
    int ret = 0;

    if (feed->target.pid == 0 || feed->target.outcome != TARGET_ANSWERED)
        ret = target_find(feed->pid, &feed->target, ret_why);
    if (ret != 0) {
        feed->has_ended = ret == -ESRCH;
        return ret;
    }
    target_ask_quietly(&feed->target, CONTROL_CHECKPOINT, patience_ms(feed));
    return feed->target.outcome == TARGET_ANSWERED && feed->target.ok ? 0 : explain(feed, ret_why);
}

static void keep(struct feed *feed, const struct shot *shot)
{
    unsigned drop = 0;

    while (drop < feed->n_shots &&
           (shot->time_ns - feed->shots[drop].time_ns > FEED_WINDOW_S * SECOND_NS || feed->n_shots - drop == FEED_SHOTS_MAX))
        drop++;
    /* There is always one to compare with. */
    if (drop > 0 && drop == feed->n_shots)
        drop--;
    for (unsigned i = 0; i < drop; i++)
        shot_release(&feed->shots[i]);
    feed->n_shots -= drop;
    memmove(feed->shots, feed->shots + drop, feed->n_shots * sizeof(*feed->shots));
    feed->shots[feed->n_shots++] = *shot;
}

static int read_checkpoint(struct feed *feed, struct text *ret_why)
{
    const struct status *status = &feed->target.status;
    const struct source_filter filter = {.pid = feed->pid, .exe = status->exe, .seq = SOURCE_LAST};
    struct source source = {0};
    struct shot shot;
    int ret = source_add_folder(&source, status->dir, &filter, ret_why);

    if (ret == 0 && source.n_sets == 0) {
        text_format(ret_why, "there is no checkpoint of process %d in %s as profiles (option format)", feed->pid, status->dir);
        ret = -ENOENT;
    }
    if (ret == 0)
        ret = shot_read(&source.sets[0], feed_now_ns(), &shot, ret_why);
    if (ret == 0)
        keep(feed, &shot);
    source_release(&source);
    return ret;
}

int feed_refresh(struct feed *feed, struct text *ret_why)
{
    int ret = ask(feed, ret_why);

    if (ret == 0) {
        plan(feed);
        ret = read_checkpoint(feed, ret_why);
    }
    if (feed->period_ns == 0)
        feed->period_ns = feed->least_period_ns;
    feed->next_ns = feed_now_ns() + feed->period_ns;
    return ret;
}

int feed_sites(const struct feed *feed, struct sites *ret_sites, struct text *ret_why)
{
    struct sites sites = {0};
    int ret = 0;

    if (feed->n_shots > 1)
        ret = shot_add(&feed->shots[0], &sites, FEED_OLDEST, ret_why);
    if (ret == 0 && feed->n_shots > 0)
        ret = shot_add(&feed->shots[feed->n_shots - 1], &sites, FEED_NEWEST, ret_why);
    if (ret != 0) {
        sites_release(&sites);
        return ret;
    }
    sites_settle(&sites, FEED_NEWEST + 1);
    *ret_sites = sites;
    return 0;
}

int64_t feed_window_ns(const struct feed *feed)
{
    return feed->n_shots < 2 ? 0 : feed->shots[feed->n_shots - 1].time_ns - feed->shots[0].time_ns;
}

void feed_release(struct feed *feed)
{
    for (unsigned i = 0; i < feed->n_shots; i++)
        shot_release(&feed->shots[i]);
    feed->n_shots = 0;
}
