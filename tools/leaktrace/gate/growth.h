/*
 * What grows from round to round: a leak that is still pointed to, as in servers and in loops of tests.
 *
 * A round is a dump made after the growth mark and before the end. Only what was acquired after the mark counts. A cache that
 * fills, and then is full, has not grown in the later rounds.
 */
#ifndef LEAKTRACE_GATE_GROWTH_H
#define LEAKTRACE_GATE_GROWTH_H

#include "gate/leak.h"
#include "gate/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROWTH_ROUNDS_MIN 3

struct gate_process;
struct growth_process;
struct source_set;

struct growth {
    struct growth_process *processes;
    size_t n;
};

/* Notes the rounds of a process: those of its `n` sets, old to new, that were made since its last mark and before its end. The
   sets must stay. */
void growth_add(struct growth *growth, const struct source_set *sets, size_t n, const struct gate_process *process);
/* Adds what the rounds of all processes hold, as LEAK_GROWTH; the last round of each is the last of all. Returns how many
   rounds there are, and releases `growth`. */
size_t growth_take(struct growth *growth, struct leaks *leaks, const struct sample_rules *rules);
/* Takes those that do not grow out of `sorted`. */
void growth_keep_steady(struct leaks *leaks);
/* Whether these figures, one for each round, go on growing: over the later half of the steps none is downward, each second one
   at least goes up, and they go up no less than half as fast as before. */
bool growth_is_steady(const int64_t *values, size_t n);

#endif
