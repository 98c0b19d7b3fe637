/* Grouping by site and labels. Owns nothing but the arena it is given; called by snapshot/snapshot. */
#include "snapshot/group.h"

#include <string.h>

#define TABLE_ARENA (table->arena)
#include "base/table.h"

struct site_groups {
    uint32_t site;
    struct group *first;
    UT_hash_handle hh;
};

struct peer {
    const char *name;
    UT_hash_handle hh;
};

static bool same_label(const struct snapshot_label *a, const struct snapshot_label *b)
{
    if (strcmp(a->key, b->key) != 0)
        return false;
    return a->value == NULL || b->value == NULL ? a->value == b->value && a->code == b->code : strcmp(a->value, b->value) == 0;
}

static bool same_labels(const struct group *group, const struct snapshot_label *labels, unsigned n_labels)
{
    if (group->n_labels != n_labels)
        return false;
    for (unsigned i = 0; i < n_labels; i++)
        if (!same_label(&group->labels[i], &labels[i]))
            return false;
    return true;
}

static struct site_groups *groups_of(struct group_table *table, uint32_t site)
{
    struct site_groups *groups;

    HASH_FIND(hh, table->by_site, &site, sizeof(site), groups);
    if (groups != NULL)
        return groups;
    groups = arena_alloc(table->arena, sizeof(*groups));
    if (groups == NULL)
        return NULL;
    groups->site = site;
    HASH_ADD(hh, table->by_site, site, sizeof(groups->site), groups);
    return TABLE_ADDED(groups) ? groups : NULL;
}

struct group *group_get(struct group_table *table, uint32_t site, const struct snapshot_label *labels, unsigned n_labels)
{
    struct site_groups *groups = groups_of(table, site);
    struct group *group = groups == NULL ? NULL : groups->first;

    while (group != NULL && !same_labels(group, labels, n_labels))
        group = group->next_of_site;
    if (group != NULL || groups == NULL)
        return group;
    group = arena_alloc(table->arena, sizeof(*group));
    if (group == NULL)
        return NULL;
    group->site = site;
    memcpy(group->labels, labels, n_labels * sizeof(*labels));
    group->n_labels = n_labels;
    group->next_of_site = groups->first;
    groups->first = group;
    return group;
}

const struct group *group_first(const struct group_table *table, uint32_t site)
{
    struct site_groups *groups;

    HASH_FIND(hh, table->by_site, &site, sizeof(site), groups);
    return groups == NULL ? NULL : groups->first;
}

const char *group_peer(struct group_table *table, const char *name)
{
    struct peer *peer;

    HASH_FIND_STR(table->peers, name, peer);
    if (peer != NULL)
        return name;
    peer = HASH_COUNT(table->peers) >= GROUP_PEERS_MAX ? NULL : arena_alloc(table->arena, sizeof(*peer));
    if (peer == NULL)
        return "(others)";
    peer->name = name;
    HASH_ADD_KEYPTR(hh, table->peers, name, strlen(name), peer);
    return TABLE_ADDED(peer) ? name : "(others)";
}
