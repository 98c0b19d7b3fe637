/* Live heap blocks in a snapshot, by what can still be reached. Owns nothing; called by snapshot/snapshot. */
#include "reach/reach.h"
#include "snapshot/snapshot_members.h"
#include "store/heap_table.h"
#include "store/site_table.h"

#include <errno.h>

struct leak_rows {
    struct snapshot *snapshot;
    const struct reach *reach;
    struct snapshot_row *(*by_site)[REACH_CLASSES][2]; /* by id of what the site is shown as; [1]: from before the mark */
    int result;
};

/* In a forked child what is from before the mark is its parent's. */
static struct snapshot_row *make_row(struct leak_rows *rows, uint32_t site, enum reach_class class, bool before_mark)
{
    struct snapshot *snapshot = rows->snapshot;
    struct snapshot_row *row = snapshot_add_row(snapshot, &snapshot->leaks.rows, site_table_get(site));
    struct snapshot_label *labels = arena_alloc(&snapshot->arena, 2 * sizeof(*labels));

    if (row == NULL || labels == NULL)
        return NULL;
    labels[0] = (struct snapshot_label){.key = "leak", .value = reach_class_names[class]};
    labels[1] = (struct snapshot_label){.key = "born", .value = "before-mark"};
    row->labels = labels;
    row->n_labels = before_mark ? 2 : 1;
    rows->by_site[site][class][before_mark] = row;
    return row;
}

static void add_block(const struct heap_block *block, void *context)
{
    struct leak_rows *rows = context;
    uint32_t site = site_sums_shown_as(&rows->snapshot->sites, block->site);
    enum reach_class class;
    struct snapshot_row *row;

    if (site == 0)
        return;
    class = reach_class_of(rows->reach, block->addr);
    row = rows->by_site[site][class][!block->after_mark];
    if (row == NULL)
        row = make_row(rows, site, class, !block->after_mark);
    if (row == NULL) {
        rows->result = -ENOMEM;
        return;
    }
    row->values[0]++;
    row->values[1] += (int64_t)block->size;
}

int snapshot_take_leaks(struct snapshot *snapshot, const struct reach *reach)
{
    struct leak_rows rows = {.snapshot = snapshot, .reach = reach};

    rows.by_site = arena_alloc(&snapshot->arena, (snapshot->sites.count + 1ul) * sizeof(rows.by_site[0]));
    if (rows.by_site == NULL)
        return -ENOMEM;
    heap_table_visit(add_block, &rows);
    snapshot->leaks.is_known = rows.result == 0;
    snapshot->leaks.bytes = (int64_t)reach->bytes;
    snapshot->leaks.own_bytes = (int64_t)reach->own_bytes;
    snapshot->leaks.threads = reach->parked.count;
    snapshot->leaks.threads_missed = reach->parked.missed;
    return rows.result;
}
