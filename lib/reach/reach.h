/*
 * Which live heap blocks the program can still reach.
 *
 * While it is found out all threads of the program stand still; no lock is taken. In leaktrace's own thread, or in the last of
 * the program's, one at a time.
 */
#ifndef LEAKTRACE_REACH_REACH_H
#define LEAKTRACE_REACH_REACH_H

#include "reach/blocks.h"
#include "reach/park.h"

#include <stdint.h>

enum reach_class { REACH_DEFINITE, REACH_INDIRECT, REACH_POSSIBLE, REACH_REACHABLE, REACH_CLASSES };

extern const char *const reach_class_names[REACH_CLASSES];

struct reach {
    struct parked_threads parked;
    struct blocks blocks;
    int64_t ns;     /* that it has taken */
    uint64_t bytes; /* of memory looked at */
    uint64_t own_bytes; /* that leaktrace had at the most meanwhile, all that it has included */
};

/* Stops the program's threads. To be ended in any case. */
void reach_begin(struct reach *ret_reach);
/* Looks for what can be reached. 0, or -ENOMEM or another -errno: nothing is known. */
int reach_find(struct reach *reach);
/* Of a live block; one that came meanwhile is reachable. */
enum reach_class reach_class_of(const struct reach *reach, uintptr_t addr);
/* Gives the memory back, and lets the threads go. */
void reach_end(struct reach *reach);

/* In the child of fork. */
void reach_after_fork(void);

#endif
