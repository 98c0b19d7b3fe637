/*
 * Dumps at thresholds (options at_rss, at_fds, at_threads): one for each time that a figure of the process passes its threshold.
 * It must fall a tenth below it before it can pass it again. By leaktrace's own thread.
 */
#ifndef LEAKTRACE_DUMP_THRESHOLD_H
#define LEAKTRACE_DUMP_THRESHOLD_H

#include <stdbool.h>
#include <stdint.h>

struct options;

/* Bytes of the process in memory; 0 when the kernel does not tell. */
uint64_t threshold_resident_bytes(void);
/* Whether any threshold is set. */
bool threshold_is_set(const struct options *options);
/* Looks at the figures, and makes a dump if one has passed its threshold since the last look; makes ready for such a dump while none
   has. Whether there was a dump. */
bool threshold_look(const struct options *options);
/* In the child of fork: its figures are its own. */
void threshold_after_fork(void);

#endif
