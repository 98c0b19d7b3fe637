/* Whether two snapshots say the same. */
#ifndef LEAKTRACE_DUMP_DIGEST_H
#define LEAKTRACE_DUMP_DIGEST_H

#include <stdint.h>

struct snapshot;

/* A number that is the same for snapshots of one process with the same rows and the same doubts; never 0. */
uint64_t digest_of(const struct snapshot *snapshot);

#endif
