/* Which samples of a profile are leaks. */
#ifndef LEAKTRACE_GATE_SAMPLE_H
#define LEAKTRACE_GATE_SAMPLE_H

#include "gate/leak.h"

#include <stdbool.h>
#include <stddef.h>

struct gate_process;
struct profile;

enum sample_leaks { SAMPLE_DEFINITE, SAMPLE_POSSIBLE, SAMPLE_ALL };

struct sample_rules {
    enum sample_leaks leaks; /* which heap blocks are leaks */
    bool heap;
    bool fds;
    bool threads;
    bool growth; /* the profile is one of growth: all that is in it counts, for round `round` */
};

/* Reads a profile; false after a complaint. */
bool sample_load(const char *path, struct profile *ret_profile);
/* Adds the leaks of a profile of that kind. */
void sample_take(struct leaks *leaks, enum leak_kind kind, const struct profile *profile, const struct gate_process *process,
                 const struct sample_rules *rules, size_t round);

#endif
