/*
 * Which dumps of this process stay on disk (options keep and max_disk): the oldest goes first, the newest never, and nothing that
 * this process has not written. Under the lock of dump/dump.
 */
#ifndef LEAKTRACE_DUMP_RETAIN_H
#define LEAKTRACE_DUMP_RETAIN_H

#include <stdint.h>

#define RETAIN_MAX 9999

struct options;

/* A dump of that number and size was written; what is now too old or too much is removed. `beside` is what else counts. */
void retain_add(const struct options *options, uint32_t seq, uint64_t bytes, uint64_t beside);
/* In the child of fork: the dumps so far are the parent's. */
void retain_after_fork(void);

#endif
