/*
 * The locations of many profiles in one: each place in code once, wherever the loader has put its module.
 *
 * So thousands of processes cost no more than what differs between them, and lines of code are looked up once, when all are
 * there.
 */
#ifndef LEAKTRACE_GATE_POOL_H
#define LEAKTRACE_GATE_POOL_H

#include "profile/profile.h"

#include <stdint.h>

struct pool_entry;
struct pool_mapping;
struct symbolize_options;

struct pool {
    struct profile profile; /* by pool_finish() */
    struct pool_entry *entries;
    struct pool_mapping *mappings;
    size_t n_lines;
};

/* The number of a location, from 0 on. What is needed of it is copied. */
uint32_t pool_intern(struct pool *pool, const struct profile_location *location);
/* Makes `profile`, whose locations are in the order of their numbers, and adds lines of code to it unless `symbols` is NULL.
   Nothing can be interned any more. */
void pool_finish(struct pool *pool, const struct symbolize_options *symbols);
void pool_release(struct pool *pool);

#endif
