/*
 * The sites of one kind of resource, worst first: a dump's profile, merged over its labels, joined with what it has
 * grown by since the mark. Nothing is printed here.
 *
 * A ranking points into the two profiles and lives in its own arena.
 */
#ifndef LEAKTRACE_VIEW_RANKING_H
#define LEAKTRACE_VIEW_RANKING_H

#include "base/arena.h"
#include "view/ages.h"
#include "view/places.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The label that names the function in which a thread starts. */
#define RANKING_START_LABEL "start"

struct profile;
struct profile_label;

/* Live resources: how many, and how large where the kind has a size. */
struct ranking_amount {
    int64_t count;
    int64_t bytes;
};

/* What is live at a site under one combination of labels, but for the age. */
struct ranking_group {
    const struct profile_label *labels;
    size_t n_labels;
    int64_t count;
};

struct ranking_site {
    struct ranking_amount live;
    struct ranking_amount growth;
    const struct places_frame **frames; /* leaf first; none for a sample without a stack */
    size_t n_frames;
    size_t headline;              /* the first frame of the user's own code */
    struct ranking_group *groups; /* the largest first; none when there are no labels */
    size_t n_groups;
    int64_t ages[AGES_N]; /* how many live resources are of each age; all 0 when that is not known */
};

struct ranking {
    const char *kind;
    bool has_bytes;
    bool by_bytes; /* sites are ranked by size, not by count */
    bool has_growth;
    struct ranking_amount live;
    struct ranking_amount growth;
    struct ranking_site *sites; /* with anything live or grown */
    size_t n_sites;
    size_t n_hidden; /* sites that were taken out by --focus or --ignore */
    struct arena arena;
};

/* `growth` may be NULL. `kind` is kept, not copied. Never fails. */
void ranking_build(const char *kind, const struct profile *live, const struct profile *growth, struct ranking *ret_ranking);
/* The figure that sites are ranked by. */
int64_t ranking_figure(const struct ranking *ranking, const struct ranking_amount *amount);
/* The part of the whole that is live at a site, in percent. */
double ranking_share(const struct ranking *ranking, const struct ranking_site *site);
/* Whether a site has grown since the mark. One new object alone may stand for one that has gone. */
bool ranking_has_grown(const struct ranking *ranking, const struct ranking_site *site);
void ranking_release(struct ranking *ranking);

#endif
