/*
 * The taking of snapshots. Owns nothing between two of them; called by dump/ in leaktrace's own thread.
 *
 * Live blocks are added up by site while the heap table is read; snapshot_members.c does descriptors and threads.
 */
#include "snapshot/snapshot.h"

#include "base/sampler.h"
#include "base/sys.h"
#include "reach/reach.h"
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
                             .first_value = 4,
                             .n_values = 2,
                             .values = {{"inuse_objects", "count"}, {"inuse_space", "bytes"}}},
    [PROFILE_HEAP_LEAK] = {.name = "heap_leak",
                           .kind = KIND_HEAP,
                           .leak = true,
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
                           .first_value = 2,
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
                               .first_value = 3,
                               .n_values = 1,
                               .values = {{"inuse_threads", "count"}}},
};

struct snapshot_row *snapshot_add_row(struct snapshot *snapshot, struct snapshot_rows *rows, const struct site *site)
{
    struct snapshot_row *row = arena_alloc(&snapshot->arena, sizeof(*row));

    if (row == NULL)
        return NULL;
    row->site = site;
    if (rows->first == NULL)
        rows->end = &rows->first;
    *rows->end = row;
    rows->end = &row->next;
    return row;
}

const struct snapshot_row *snapshot_rows_of(const struct snapshot *snapshot, const struct profile_type *type)
{
    return type->leak ? snapshot->leaks.rows.first : snapshot->rows[type->kind].first;
}

bool snapshot_row_is_of(const struct snapshot_row *row, const struct profile_type *type)
{
    bool has_grown = false;

    for (unsigned i = 0; i < type->n_values; i++)
        has_grown |= row->values[type->first_value + i] != 0;
    return has_grown || !type->growth;
}

/* The values of a row of heap blocks. Objects are weights where blocks are sampled (base/sampler), until the row is finished.
 */
enum heap_value { ACQUIRED_OBJECTS, ACQUIRED_BYTES, OBJECTS, BYTES, GROWTH_OBJECTS, GROWTH_BYTES };

struct heap_rows {
    const struct site_sums *sites;
    struct snapshot_row **by_site; /* by id: the row of what the site is shown as */
};

static void add_block(const struct heap_block *block, void *context)
{
    const struct heap_rows *rows = context;
    int64_t weight = (int64_t)(sampler_is_on() ? sampler_weight(block->size) : 1);
    int64_t bytes = (int64_t)(sampler_is_on() ? sampler_bytes(block->size) : block->size);
    struct snapshot_row *row = block->site <= rows->sites->count ? rows->by_site[block->site] : NULL;

    if (row == NULL)
        return;
    row->values[OBJECTS] += weight;
    row->values[BYTES] += bytes;
    if (block->after_mark) {
        row->values[GROWTH_OBJECTS] += weight;
        row->values[GROWTH_BYTES] += bytes;
    }
}

static int add_rows(struct snapshot *snapshot, struct heap_rows *rows)
{
    const struct site_sums *sites = rows->sites;

    rows->by_site = arena_alloc(&snapshot->arena, (sites->count + 1ul) * sizeof(rows->by_site[0]));
    if (rows->by_site == NULL)
        return -ENOMEM;
    for (uint32_t id = 1; id <= sites->count; id++) {
        const struct site *site = site_table_get(id);
        uint32_t shown_as = site_sums_shown_as(sites, id);

        if (site->kind != KIND_HEAP)
            continue;
        rows->by_site[id] = shown_as == id ? snapshot_add_row(snapshot, &snapshot->rows[KIND_HEAP], site) : rows->by_site[shown_as];
        if (rows->by_site[id] == NULL)
            return -ENOMEM;
    }
    return 0;
}

static void finish_row(struct snapshot *snapshot, struct snapshot_row *row)
{
    static const enum heap_value objects[] = {ACQUIRED_OBJECTS, OBJECTS, GROWTH_OBJECTS};
    const struct site_sum *acquired = &snapshot->sites.sum[row->site->id];
    struct snapshot_totals *totals = &snapshot->totals[KIND_HEAP];

    /* What a thread hands over just now may be missed: no less than what is there. */
    row->values[ACQUIRED_OBJECTS] =
        (int64_t)acquired->count > row->values[OBJECTS] ? (int64_t)acquired->count : row->values[OBJECTS];
    row->values[ACQUIRED_BYTES] = (int64_t)acquired->bytes > row->values[BYTES] ? (int64_t)acquired->bytes : row->values[BYTES];
    for (unsigned i = 0; sampler_is_on() && i < sizeof(objects) / sizeof(objects[0]); i++)
        row->values[objects[i]] = (int64_t)sampler_objects((uint64_t)row->values[objects[i]]);
    totals->objects += (uint64_t)row->values[OBJECTS];
    totals->bytes += (uint64_t)row->values[BYTES];
    totals->growth_objects += (uint64_t)row->values[GROWTH_OBJECTS];
    totals->growth_bytes += (uint64_t)row->values[GROWTH_BYTES];
}

static int take_heap(struct snapshot *snapshot)
{
    struct heap_rows rows = {.sites = &snapshot->sites};
    int result = add_rows(snapshot, &rows);

    if (result != 0)
        return result;
    heap_table_visit(add_block, &rows);
    site_sums_add_up(&snapshot->sites);
    for (struct snapshot_row *row = snapshot->rows[KIND_HEAP].first; row != NULL; row = row->next)
        finish_row(snapshot, row);
    return 0;
}

/* Both while the program stands still, so that their figures are of one moment. */
static int take_heap_and_leaks(struct snapshot *snapshot)
{
    struct reach reach;
    int result;

    reach_begin(&reach);
    result = take_heap(snapshot);
    if (result == 0)
        snapshot->leaks.failure = reach_find(&reach);
    if (result == 0 && snapshot->leaks.failure == 0)
        snapshot->leaks.failure = snapshot_take_leaks(snapshot, &reach);
    reach_end(&reach);
    snapshot->leaks.ns = reach.ns;
    return result;
}

int snapshot_take(uint32_t kinds, bool leaks, struct snapshot *ret_snapshot)
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
        result = leaks ? take_heap_and_leaks(ret_snapshot) : take_heap(ret_snapshot);
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
