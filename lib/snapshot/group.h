/* Grouping of live descriptors and threads by site and labels, while a snapshot is taken. */
#ifndef LEAKTRACE_SNAPSHOT_GROUP_H
#define LEAKTRACE_SNAPSHOT_GROUP_H

#include "snapshot/snapshot.h"

/* Different peers shown in one dump; the others are "(others)". */
#define GROUP_PEERS_MAX 256

struct group {
    uint32_t site;
    int64_t count;
    int64_t bytes;
    int64_t growth; /* of them acquired after the mark */
    struct snapshot_label labels[SNAPSHOT_LABELS_MAX];
    unsigned n_labels;
    struct group *next_of_site;
};

struct site_groups;
struct peer;

struct group_table {
    struct arena *arena;
    struct site_groups *by_site;
    struct peer *peers;
};

/* The group of this site with these labels, made if it is new; NULL when there is no memory. The strings must live as long as
   the arena. */
struct group *group_get(struct group_table *table, uint32_t site, const struct snapshot_label *labels, unsigned n_labels);
/* The first group of a site, or NULL; the others follow by next_of_site. */
const struct group *group_first(const struct group_table *table, uint32_t site);
/* The peer itself, or "(others)" when too many different ones have been seen. */
const char *group_peer(struct group_table *table, const char *peer);

#endif
