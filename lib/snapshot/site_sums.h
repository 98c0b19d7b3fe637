/*
 * What each site has acquired, while a snapshot is taken.
 *
 * Stacks that are deeper than what is shown may look the same; their sites are added up under the first of them.
 */
#ifndef LEAKTRACE_SNAPSHOT_SITE_SUMS_H
#define LEAKTRACE_SNAPSHOT_SITE_SUMS_H

#include "base/arena.h"

#include <stdint.h>

struct site_sum {
    uint64_t count;
    uint64_t bytes;
    uint32_t shown_as; /* id of a site */
};

struct site_sums {
    uint32_t count;       /* of sites; later ones are left out */
    struct site_sum *sum; /* by id */
};

/* Finds the sites that there are, and what each is shown as. 0 or -ENOMEM. */
int site_sums_init(struct site_sums *sums, struct arena *arena);
/* Adds up what they have acquired until now. Behind the reading of what is live, so that no site has acquired less than that. */
void site_sums_add_up(struct site_sums *sums);
/* What the site is shown as; 0 when it is a later one. */
uint32_t site_sums_shown_as(const struct site_sums *sums, uint32_t id);
/* All that was acquired until now, of all kinds; of heap blocks those that are recorded. */
uint64_t site_sums_acquired(void);

#endif
