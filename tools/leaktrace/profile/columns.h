/* Which values of a profile's samples say what is live, and what was ever acquired. */
#ifndef LEAKTRACE_PROFILE_COLUMNS_H
#define LEAKTRACE_PROFILE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct profile_sample;

#define COLUMNS_NONE SIZE_MAX

/* Each is an index into the types of the profile, or COLUMNS_NONE. */
struct columns {
    size_t count;
    size_t bytes;
    size_t acquired; /* since the start: how many, released or not */
    bool by_bytes;   /* sites are compared by size, not by count */
};

struct columns columns_find(const struct profile *profile);
/* 0 for a column that is not there. */
int64_t columns_value(const struct profile_sample *sample, size_t column);
/* The sum and the difference; the largest or least number where it does not fit. */
int64_t columns_add(int64_t a, int64_t b);
int64_t columns_subtract(int64_t a, int64_t b);

#endif
