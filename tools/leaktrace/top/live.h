/* `leaktrace top` on a terminal: what keys do. */
#ifndef LEAKTRACE_TOP_LIVE_H
#define LEAKTRACE_TOP_LIVE_H

#include <stdbool.h>

struct feed;

/* Runs until a key, a signal or, unless it is 0, so many looks end it. `kind` may be NULL. The exit status. */
int live_run(struct feed *feed, const char *kind, long times, bool colour);

#endif
