/*
 * The baseline: the leaks that were there when somebody looked, so that only new ones fail.
 *
 * A text file, one line for each fingerprint: `FINGERPRINT KIND COUNT STACK`, ordered by kind and stack, so that changes read
 * well and merge by hand. Empty lines and those that begin with '#' are passed over; of two lines of one fingerprint the larger
 * count holds.
 */
#ifndef LEAKTRACE_GATE_BASELINE_H
#define LEAKTRACE_GATE_BASELINE_H

#include "base/arena.h"
#include "gate/leak.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text;

struct baseline_entry {
    char id[17];
    const char *kind;
    const char *stack;
    int64_t count;
    int64_t found; /* in this run */
};

struct baseline {
    struct arena arena;
    struct baseline_entry *entries; /* ordered by id */
    size_t n;
};

/* 0; or -errno, -EINVAL for a file that is no baseline, with a line in `ret_why`. */
int baseline_read(struct baseline *baseline, const char *file, struct text *ret_why);
/* Sets `baseline` of all leaks that are not suppressed. An entry that nothing fits exactly stands for a leak of the same
   kind whose stack has the same functions but for some that the compiler may have put into others. Returns how many entries
   have nothing left to stand for. */
size_t baseline_compare(struct baseline *baseline, const struct leaks *leaks);
/* Writes the baseline that all leaks that are not suppressed make. */
void baseline_write(FILE *out, const struct leaks *leaks);
void baseline_release(struct baseline *baseline);

/* Whether one of two normalized stacks is the other without some of its inner frames: the leaf's caller chain begins and ends
   in the same functions, and at least half of the longer is there. */
bool baseline_is_similar(const char *a, const char *b);

#endif
