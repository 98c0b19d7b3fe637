/*
 * What a traced process holds, again and again: it is asked to bring its checkpoint up to date, which is then read.
 *
 * So no numbered dump is made, none is removed for it, and nothing is written where nothing has changed. How often depends on
 * what the asking costs the process: less than 1 % of a processor.
 */
#ifndef LEAKTRACE_TOP_FEED_H
#define LEAKTRACE_TOP_FEED_H

#include "target/target.h"
#include "top/shot.h"

#include <stdbool.h>
#include <stdint.h>

struct sites;
struct text;

/* Growth is that of so long a time. */
#define FEED_WINDOW_S 60
#define FEED_SHOTS_MAX (FEED_WINDOW_S + 2)

/* The numbers of the two dumps that feed_sites() compares. */
enum { FEED_OLDEST, FEED_NEWEST };

struct feed {
    int pid;
    int64_t least_period_ns;
    struct target target; /* as it last answered; pid 0: it has not yet */
    bool has_ended;
    int64_t period_ns;                 /* between two requests */
    int64_t next_ns;                   /* when the next is due, CLOCK_MONOTONIC */
    int64_t before_ns;                 /* processor time that it had spent on leaktrace before */
    struct shot shots[FEED_SHOTS_MAX]; /* the oldest first */
    unsigned n_shots;
};

int64_t feed_now_ns(void);
/* Asks the process, and keeps what it says. 0, or -errno with a line in `ret_why`; -ESRCH also sets `has_ended`. */
int feed_refresh(struct feed *feed, struct text *ret_why);
/* Fills `ret_sites` from what was kept: the oldest moment in the window (when there are two) and
   the newest. 0, or -errno as above. */
int feed_sites(const struct feed *feed, struct sites *ret_sites, struct text *ret_why);
/* From the oldest to the newest; 0 when there is only one. */
int64_t feed_window_ns(const struct feed *feed);
void feed_release(struct feed *feed);

#endif
