/* What leaktrace's thread does by the clock: dumps at an interval, the checkpoint, looks at the thresholds, the warmup's mark,
 * and watching. */
#ifndef LEAKTRACE_DUMP_TIMER_H
#define LEAKTRACE_DUMP_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct options;

void timer_init(const struct options *options);
/* When there is something to do again, by CLOCK_MONOTONIC; INT64_MAX: never. */
int64_t timer_next_ns(void);
/* Does what is due; `mark` sets the growth mark, `watch` is to be called every few seconds. Whether there was a dump. */
bool timer_act(void (*mark)(void), void (*watch)(void));
/* In the child of fork: its checkpoint and its thresholds are its own. */
void timer_after_fork(void);

#endif
