/*
 * The sites of several dumps: what was live at each in each dump.
 *
 * A site is a call stack; identity.h says when two stacks of different dumps are the same one. Frames that stand
 * several times in a row count as one, so that the depth of a recursion makes no new site. Profiles may be released
 * once they are added.
 */
#ifndef LEAKTRACE_SERIES_SITES_H
#define LEAKTRACE_SERIES_SITES_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_place;
struct places_frame;
struct profile;
struct symbolize_options;
struct text;

struct sites_amount {
    int64_t count;
    int64_t bytes;
    int64_t acquired; /* since the start, released or not; 0 when the kind does not tell */
};

/* What a dump says of a site; a dump that says nothing has no point. */
struct sites_point {
    size_t dump;
    struct sites_amount amount;
};

struct sites_points {
    struct sites_point *points; /* by dump */
    size_t n;
};

struct sites_site {
    const struct places_frame **frames; /* leaf first */
    size_t n_frames;
    size_t headline;                      /* the first frame of the user's own code */
    const struct identity_place **places; /* leaf first; each is one frame or more */
    size_t depth;
    struct sites_points points;
};

struct sites_kind {
    char *kind;
    bool has_bytes;
    bool by_bytes; /* sites are compared by size, not by count */
    bool has_acquired;
    struct sites_points totals; /* of the whole profile: every dump that has the kind has a point here */
    struct sites_site *sites;
    size_t n_sites;
    struct sites_tables *tables; /* while they are filled */
};

/* Stays where it is once a profile has been added. */
struct sites {
    struct sites_kind *kinds; /* in the order in which they are shown */
    size_t n_kinds;
    struct arena arena;
    struct identity_table *identities;
};

/* Adds a profile of that kind, of the dump with that number; numbers never go down. 0; or -EINVAL, with a line in
   `ret_why`, when its sample types differ from those of the kind's first profile. */
int sites_add(struct sites *sites, size_t dump, const char *kind, const struct profile *profile, struct text *ret_why);
/* After the last of `n_dumps` dumps: puts together what is the same, and fills the `sites` of each kind. */
void sites_settle(struct sites *sites, size_t n_dumps);
/* Finds the source lines and inlined callers in the stacks of the chosen sites. */
void sites_symbolize(struct sites *sites, struct sites_site *const *chosen, size_t n, const struct symbolize_options *options);
void sites_release(struct sites *sites);

/* The figure that sites of a kind are compared by. */
int64_t sites_figure(const struct sites_kind *kind, const struct sites_amount *amount);
/* The point of a dump; NULL when it has none. */
const struct sites_point *sites_find(const struct sites_points *points, size_t dump);
/* What was live in a dump; nothing when it has no point. */
struct sites_amount sites_at(const struct sites_points *points, size_t dump);

#endif
