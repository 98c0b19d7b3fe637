/* Live descriptors and threads in a snapshot. Owns nothing; called by snapshot/snapshot. */
#include "snapshot/snapshot_members.h"

#include "base/entries.h"
#include "base/own_fd.h"
#include "snapshot/fd_info.h"
#include "snapshot/group.h"
#include "store/epoch.h"
#include "store/fd_table.h"
#include "store/site_table.h"
#include "store/thread_table.h"

#include <errno.h>
#include <string.h>

static const char *age_bucket(int64_t age_ns)
{
    int64_t seconds = age_ns / 1000000000;

    if (seconds < 60)
        return "<1m";
    if (seconds < 600)
        return "<10m";
    if (seconds < 3600)
        return "<1h";
    return seconds < 86400 ? "<1d" : ">=1d";
}

/* One live descriptor or thread, under its site and labels, in the profile of its kind and in the one of growth. Sites that are
   younger than the snapshot are left out. */
static int add_member(struct snapshot *snapshot, struct group_table *groups, uint32_t site, const struct snapshot_label *labels,
                      unsigned n_labels, int64_t stack_bytes, bool growth)
{
    uint32_t shown_as = site_sums_shown_as(&snapshot->sites, site);
    struct group *group = shown_as == 0 ? NULL : group_get(groups, shown_as, labels, n_labels);

    if (shown_as == 0)
        return 0;
    if (group == NULL)
        return -ENOMEM;
    group->count++;
    group->bytes += stack_bytes;
    group->growth += growth;
    return 0;
}

/* The row of one group; what was acquired in all stands once, in the first row of the site. */
static int add_group(struct snapshot *snapshot, const struct group *group, int64_t acquired)
{
    const struct site *site = site_table_get(group->site);
    struct snapshot_row *row = snapshot_add_row(snapshot, &snapshot->rows[site->kind], site);
    unsigned n = 0;

    if (row == NULL)
        return -ENOMEM;
    row->labels = group->labels;
    row->n_labels = group->n_labels;
    row->values[n++] = acquired;
    if (site->kind == KIND_THREAD)
        row->values[n++] = group->bytes;
    row->values[n++] = group->count;
    row->values[n++] = group->growth;
    snapshot->totals[site->kind].objects += (uint64_t)group->count;
    snapshot->totals[site->kind].bytes += (uint64_t)group->bytes;
    snapshot->totals[site->kind].growth_objects += (uint64_t)group->growth;
    return 0;
}

/* What was acquired, and no less than what is there: what a thread hands over just now may be missed. */
static int64_t acquired_at_least(const struct site_sum *sum, const struct group *group)
{
    int64_t live = 0;

    for (; group != NULL; group = group->next_of_site)
        live += group->count;
    return (int64_t)sum->count > live ? (int64_t)sum->count : live;
}

static int add_groups(struct snapshot *snapshot, enum kind kind, struct group_table *groups)
{
    int result = 0;

    site_sums_add_up(&snapshot->sites);
    for (uint32_t i = 1; i <= snapshot->sites.count && result == 0; i++) {
        bool shown = site_table_get(i)->kind == kind && site_sums_shown_as(&snapshot->sites, i) == i;
        const struct group *group = shown ? group_first(groups, i) : NULL;
        int64_t acquired = acquired_at_least(&snapshot->sites.sum[i], group);
        struct group none = {.site = i};

        if (shown && group == NULL && acquired > 0)
            result = add_group(snapshot, &none, acquired);
        for (; group != NULL && result == 0; group = group->next_of_site) {
            result = add_group(snapshot, group, acquired);
            acquired = 0;
        }
    }
    return result;
}

/* Groups one descriptor; one that is not in the table is counted. */
static int take_fd(struct snapshot *snapshot, struct group_table *groups, const struct fd_info *info)
{
    static const char *const streams[] = {"stdin", "stdout", "stderr"};
    struct snapshot_label labels[SNAPSHOT_LABELS_MAX];
    struct fd_entry entry;
    unsigned n = 0;
    const char *peer;

    if (!fd_table_get(info->fd, &entry)) {
        snapshot->unattributed_fds += snapshot->unattributed_fds >= 0;
        return 0;
    }
    peer = fd_info_peer(&snapshot->arena, info, &entry);
    labels[n++] = (struct snapshot_label){.key = "type", .value = info->type};
    if (info->fd < (int)(sizeof(streams) / sizeof(streams[0])))
        labels[n++] = (struct snapshot_label){.key = "stream", .value = streams[info->fd]};
    if (peer != NULL)
        labels[n++] = (struct snapshot_label){.key = "peer", .value = group_peer(groups, peer)};
    if (info->state != NULL)
        labels[n++] = (struct snapshot_label){.key = "state", .value = info->state};
    labels[n++] = (struct snapshot_label){.key = "age", .value = age_bucket(snapshot->monotonic_ns - entry.born_ns)};
    return add_member(snapshot, groups, entry.site, labels, n, 0, entry.mark == epoch_mark());
}

/* When each descriptor of the table was opened, by number; 0 for none. */
static int64_t *list_births(struct arena *arena, int limit)
{
    int64_t *births = arena_alloc(arena, (size_t)limit * sizeof(*births));
    struct fd_entry entry;

    for (int fd = 0; births != NULL && fd < limit; fd++)
        births[fd] = fd_table_get(fd, &entry) ? entry.born_ns : 0;
    return births;
}

/* Drops what was in the table before the kernel was asked, is unknown to the kernel, and is in the table still: it was closed by
   a call that no hook sees. */
static void drop_stale(const struct fd_inventory *inventory, int64_t *births, int limit)
{
    struct fd_entry entry;

    for (size_t i = 0; i < inventory->count; i++)
        if (inventory->infos[i].fd < limit)
            births[inventory->infos[i].fd] = 0;
    for (int fd = 0; fd < limit; fd++)
        if (births[fd] != 0 && fd_table_get(fd, &entry) && entry.born_ns == births[fd] && fd_table_take(fd, &entry))
            counters_add(COUNTER_STALE_FDS, 1);
}

/* Where the kernel cannot be asked (no /proc in a chroot) the table stands alone. */
static int list_without_kernel(struct arena *arena, const int64_t *births, int limit, struct fd_inventory *ret_inventory)
{
    struct fd_info *infos = arena_alloc(arena, (size_t)limit * sizeof(*infos));

    if (infos == NULL)
        return -ENOMEM;
    *ret_inventory = (struct fd_inventory){.infos = infos};
    for (int fd = 0; fd < limit; fd++)
        if (births[fd] != 0)
            infos[ret_inventory->count++] = (struct fd_info){.fd = fd, .type = "unknown"};
    return 0;
}

int snapshot_take_fds(struct snapshot *snapshot)
{
    struct group_table groups = {.arena = &snapshot->arena};
    struct fd_inventory inventory = {0};
    int limit = fd_table_limit();
    int64_t *births = list_births(&snapshot->arena, limit);
    int result = births == NULL ? -ENOMEM : fd_inventory_read(&snapshot->arena, &inventory);

    if (result != 0 && births != NULL) {
        result = list_without_kernel(&snapshot->arena, births, limit, &inventory);
        snapshot->unattributed_fds = -1;
    }
    if (result == 0 && inventory.complete)
        drop_stale(&inventory, births, limit);
    for (size_t i = 0; i < inventory.count && result == 0; i++)
        result = take_fd(snapshot, &groups, &inventory.infos[i]);
    return result != 0 ? result : add_groups(snapshot, KIND_FD, &groups);
}

struct thread_visit {
    struct snapshot *snapshot;
    struct group_table *groups;
    int64_t running;
    int result;
};

static void visit_thread(const struct thread_row *row, void *context)
{
    struct thread_visit *visit = context;
    struct snapshot_label labels[] = {
        {.key = "state", .value = row->ended ? "exited-unjoined" : "running"},
        {.key = "start", .code = row->routine},
        {.key = "age", .value = age_bucket(visit->snapshot->monotonic_ns - row->born_ns)},
    };

    visit->running += !row->ended;
    if (visit->result == 0)
        visit->result = add_member(visit->snapshot, visit->groups, row->site, labels, 3, (int64_t)row->stack_bytes,
                                   row->mark == epoch_mark());
}

/* Tasks of the process in the kernel's list; -1 when it cannot be read. */
static int64_t count_tasks(void)
{
    struct entries entries;
    int64_t tasks = 0;

    if (entries_open(&entries, "/proc/self/task") != 0)
        return -1;
    while (entries_next(&entries) != NULL)
        tasks++;
    entries_close(&entries);
    return tasks;
}

int snapshot_take_threads(struct snapshot *snapshot)
{
    struct group_table groups = {.arena = &snapshot->arena};
    struct thread_visit visit = {.snapshot = snapshot, .groups = &groups};
    int64_t tasks = count_tasks(), nobodys = 1 + own_fd_tasks();

    snapshot->pause_ns = thread_table_visit(visit_thread, &visit);
    /* The main thread and leaktrace's own are nobody's. */
    snapshot->unattributed_threads = tasks < 0 ? -1 : tasks > visit.running + nobodys ? tasks - visit.running - nobodys : 0;
    if (visit.result != 0)
        return visit.result;
    return add_groups(snapshot, KIND_THREAD, &groups);
}
