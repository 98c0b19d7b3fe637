/*
 * The taking of snapshots. Owns nothing between two of them; called by dump/ in leaktrace's own thread.
 *
 * Live blocks are added up by site while the heap table is read; snapshot_members.c does descriptors and threads.
 */
#include "snapshot/snapshot.h"

#include "base/sampler.h"
#include "base/sys.h"
#include "snapshot/snapshot_members.h"
#include "store/heap_table.h"
#include "store/site_table.h"

#include <errno.h>
#include <string.h>

const struct profile_type profile_types[PROFILE_MAX] = {
    [PROFILE_HEAP] = {.name = "heap",
                      .kind = KIND_HEAP,
                      .period = {"space", "bytes"},
                      .n_values = 4,
                      .values = {{"alloc_objects", "count"},
                                 {"alloc_space", "bytes"},
                                 {"inuse_objects", "count"},
                                 {"inuse_space", "bytes"}}},
    [PROFILE_HEAP_GROWTH] = {.name = "heap_growth",
                             .kind = KIND_HEAP,
                             .growth = true,
                             .period = {"space", "bytes"},
                             .n_values = 2,
                             .values = {{"inuse_objects", "count"}, {"inuse_space", "bytes"}}},
    [PROFILE_FD] = {.name = "fd",
                    .kind = KIND_FD,
                    .period = {"fds", "count"},
                    .n_values = 2,
                    .values = {{"opened_fds", "count"}, {"inuse_fds", "count"}}},
    [PROFILE_FD_GROWTH] = {.name = "fd_growth",
                           .kind = KIND_FD,
                           .growth = true,
                           .period = {"fds", "count"},
                           .n_values = 1,
                           .values = {{"inuse_fds", "count"}}},
    [PROFILE_THREAD] = {.name = "thread",
                        .kind = KIND_THREAD,
                        .period = {"threads", "count"},
                        .n_values = 3,
                        .values = {{"created_threads", "count"}, {"inuse_stack", "bytes"}, {"inuse_threads", "count"}}},
    [PROFILE_THREAD_GROWTH] = {.name = "thread_growth",
                               .kind = KIND_THREAD,
                               .growth = true,
                               .period = {"threads", "count"},
                               .n_values = 1,
                               .values = {{"inuse_threads", "count"}}},
};

struct snapshot_row *snapshot_add_row(struct snapshot *snapshot, enum profile_id id, const struct site *site)
{
    struct snapshot_profile *profile = &snapshot->profiles[id];
    struct snapshot_row *row = arena_alloc(&snapshot->arena, sizeof(*row));

    if (row == NULL)
        return NULL;
    row->site = site;
    if (profile->rows == NULL)
        profile->last = &profile->rows;
    *profile->last = row;
    profile->last = &row->next;
    profile->n_rows++;
    return row;
}

/* What is live of each site; objects are weights where blocks are sampled (base/sampler). */
struct heap_sums {
    const struct site_sums *sites;
    struct snapshot_totals *by_site; /* by the id of what it is shown as */
};

static void add_block(const struct heap_block *block, void *context)
{
    struct heap_sums *sums = context;
    struct snapshot_totals *sum = &sums->by_site[site_sums_shown_as(sums->sites, block->site)];

    uint64_t weight = sampler_is_on() ? sampler_weight(block->size) : 1;
    uint64_t bytes = sampler_is_on() ? sampler_bytes(block->size) : block->size;

    sum->objects += weight;
    sum->bytes += bytes;
    if (block->after_mark) {
        sum->growth_objects += weight;
        sum->growth_bytes += bytes;
    }
}

static int64_t objects_of(uint64_t weights)
{
    return (int64_t)(sampler_is_on() ? sampler_objects(weights) : weights);
}

static int add_heap_site(struct snapshot *snapshot, const struct site *site, const struct snapshot_totals *sum)
{
    const struct site_sum *acquired = &snapshot->sites.sum[site->id];
    struct snapshot_row *row = snapshot_add_row(snapshot, PROFILE_HEAP, site);

    if (row == NULL)
        return -ENOMEM;
    /* What a thread hands over just now may be missed. */
    row->values[0] = objects_of(acquired->count > sum->objects ? acquired->count : sum->objects);
    row->values[1] = (int64_t)(acquired->bytes > sum->bytes ? acquired->bytes : sum->bytes);
    row->values[2] = objects_of(sum->objects);
    row->values[3] = (int64_t)sum->bytes;
    snapshot->totals[KIND_HEAP].objects += (uint64_t)objects_of(sum->objects);
    snapshot->totals[KIND_HEAP].bytes += sum->bytes;
    if (objects_of(sum->growth_objects) == 0)
        return 0;
    row = snapshot_add_row(snapshot, PROFILE_HEAP_GROWTH, site);
    if (row == NULL)
        return -ENOMEM;
    row->values[0] = objects_of(sum->growth_objects);
    row->values[1] = (int64_t)sum->growth_bytes;
    snapshot->totals[KIND_HEAP].growth_objects += (uint64_t)objects_of(sum->growth_objects);
    snapshot->totals[KIND_HEAP].growth_bytes += sum->growth_bytes;
    return 0;
}

static int take_heap(struct snapshot *snapshot)
{
    struct site_sums *sites = &snapshot->sites;
    struct heap_sums sums = {.sites = sites};
    int result = 0;

    sums.by_site = arena_alloc(&snapshot->arena, (sites->count + 1ul) * sizeof(sums.by_site[0]));
    if (sums.by_site == NULL)
        return -ENOMEM;
    snapshot->pause_ns = heap_table_visit(add_block, &sums);
    site_sums_add_up(sites);
    for (uint32_t id = 1; id <= sites->count && result == 0; id++) {
        const struct site *site = site_table_get(id);

        if (site->kind == KIND_HEAP && site_sums_shown_as(sites, id) == id)
            result = add_heap_site(snapshot, site, &sums.by_site[id]);
    }
    return result;
}

int snapshot_take(uint32_t kinds, struct snapshot *ret_snapshot)
{
    uint64_t before;
    int result;

    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    ret_snapshot->time_ns = sys_realtime_ns();
    ret_snapshot->monotonic_ns = sys_monotonic_ns();
    ret_snapshot->arena.is_scratch = true;
    before = site_sums_acquired();
    result = site_sums_init(&ret_snapshot->sites, &ret_snapshot->arena);
    if (result == 0 && (kinds >> KIND_HEAP & 1))
        result = take_heap(ret_snapshot);
    if (result == 0 && (kinds >> KIND_FD & 1))
        result = snapshot_take_fds(ret_snapshot);
    if (result == 0 && (kinds >> KIND_THREAD & 1))
        result = snapshot_take_threads(ret_snapshot);
    ret_snapshot->acquired_meanwhile = (int64_t)(site_sums_acquired() - before);
    return result;
}

void snapshot_release(struct snapshot *snapshot)
{
    arena_release(&snapshot->arena);
}
