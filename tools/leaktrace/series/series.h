/*
 * A series of dumps of one program: its sites, and when each dump was made in the life of which process.
 *
 * Processes that came one after the other are one chain, with a restart between them; processes that ran side by side are
 * chains of their own. A process begins anew also where the figures say so: in containers all have the same number.
 */
#ifndef LEAKTRACE_SERIES_SERIES_H
#define LEAKTRACE_SERIES_SERIES_H

#include "series/moment.h"
#include "series/sites.h"

#include <stddef.h>

struct progress;
struct source_set;

/* A dump's place in its chain. */
struct series_dump {
    size_t number; /* of its points, and in `moments` */
    size_t life;   /* from 0 */
    double hours;  /* since the chain's first dump */
    double load;   /* allocations per second since the dump before; NAN when not known */
};

struct series_chain {
    struct series_dump *dumps; /* from old to new */
    size_t n_dumps;
    size_t n_lives;
};

struct series {
    struct sites sites;
    struct moment *moments; /* one for each dump, as they were read */
    size_t n_moments;
    struct series_chain *chains;
    size_t n_chains;
};

/* Reads sets of one program, in any order. Dumps that do not say when they were made are left
   out; of two of one moment one counts. Returns how many files could not be read or used; each of them has been
   complained about. A series stays where it was made. */
unsigned series_build(const struct source_set *const *sets, size_t n_sets, struct progress *progress,
                      struct series *ret_series);
/* Makes the chains of a series whose sites and moments are there. */
void series_assemble(struct series *series);
void series_release(struct series *series);

#endif
