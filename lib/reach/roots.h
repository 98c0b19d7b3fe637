/*
 * The roots: where a pointer keeps a block reachable.
 *
 * All readable memory of the process that the program may have written to, but for: leaktrace's own; the allocator's, live
 * blocks and what is between them, for freed blocks hold stale pointers; the unused ends of stacks, and the stacks of threads
 * that have ended. What cannot be told to be one of these is a root. For one scan, in one thread.
 */
#ifndef LEAKTRACE_REACH_ROOTS_H
#define LEAKTRACE_REACH_ROOTS_H

#include "reach/maps.h"
#include "reach/park.h"
#include "reach/ranges.h"

#include <stdbool.h>
#include <stdint.h>

/* What there is in the process that is not in its memory map. Set once, at the start. */
struct roots_settings {
    struct range own_module; /* libleaktrace.so, as it is loaded */
    intptr_t own_tls;        /* leaktrace's thread-local storage, from the thread pointer */
    size_t own_tls_size;
    bool is_glibc;             /* the allocator is libc's */
    bool has_stacks_of_parent; /* of threads that were there when the process was forked: what they held is still meant to be
                                  there */
};

/* In the child of fork. */
void roots_after_fork(void);
void roots_init(const struct roots_settings *settings);
/* Memory that the program declares to be a root, wherever it lies. */
bool roots_add(uintptr_t start, size_t size);
bool roots_remove(uintptr_t start);

struct marker;

/* Marks what all roots point to. 0 or -ENOMEM. */
int roots_mark(struct marker *marker, const struct parked_threads *parked);

#endif
