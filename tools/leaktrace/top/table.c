/* Rows in an order. Owns nothing; called by screen.c. */
#include "top/table.h"

#include "common.h"
#include "profile/columns.h"
#include "series/sites.h"
#include "top/feed.h"
#include "view/places.h"

#include <stdlib.h>

#define MINUTE_NS 60000000000ll

/* FNV-1a. */
static uint64_t add_to_key(uint64_t key, const char *text)
{
    for (; *text != '\0'; text++)
        key = (key ^ (unsigned char)*text) * 0x100000001b3u;
    return key * 0x100000001b3u;
}

static uint64_t key_of(const struct sites_site *site)
{
    uint64_t key = 0xcbf29ce484222325u;

    for (size_t i = 0; i < site->n_frames; i++) {
        key = add_to_key(key, site->frames[i]->function);
        key = add_to_key(key, site->frames[i]->module) + (uint64_t)site->frames[i]->line;
    }
    return key;
}

static int64_t per_minute(int64_t change, int64_t window_ns)
{
    return window_ns <= 0 ? 0 : (int64_t)((double)change * MINUTE_NS / (double)window_ns);
}

static int64_t growth_of(const struct sites_kind *kind, const struct sites_points *points, int64_t window_ns)
{
    struct sites_amount before = sites_at(points, FEED_OLDEST), now = sites_at(points, FEED_NEWEST);

    return per_minute(columns_subtract(sites_figure(kind, &now), sites_figure(kind, &before)), window_ns);
}

static struct table_row make_row(const struct sites_kind *kind, const struct sites_site *site, int64_t window_ns)
{
    struct sites_amount now = sites_at(&site->points, FEED_NEWEST);

    return (struct table_row){
        .site = site,
        .key = key_of(site),
        .live = sites_figure(kind, &now),
        .growth = growth_of(kind, &site->points, window_ns),
        .total = now.acquired,
    };
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

/* What is asked for first, then the others, and then something that is the same every time. */
static int compare_rows(const void *a, const void *b, void *context)
{
    const struct table_row *left = a, *right = b;
    const enum table_order *order = context;
    int by_growth = descending(left->growth, right->growth), by_live = descending(left->live, right->live);
    int by_total = descending(left->total, right->total);
    int by_order = *order == TABLE_BY_LIVE ? by_live : *order == TABLE_BY_TOTAL ? by_total : by_growth;

    if (by_order != 0)
        return by_order;
    if (by_growth != 0 || by_live != 0)
        return by_growth != 0 ? by_growth : by_live;
    return by_total != 0 ? by_total : (left->key > right->key) - (left->key < right->key);
}

void table_build(const struct sites_kind *kind, int64_t window_ns, enum table_order order, struct table *ret_table)
{
    struct sites_amount now = sites_at(&kind->totals, FEED_NEWEST);
    struct table table = {.kind = kind,
                          .rows = must_grow(NULL, kind->n_sites, sizeof(*table.rows)),
                          .live = sites_figure(kind, &now),
                          .growth = growth_of(kind, &kind->totals, window_ns)};

    for (size_t i = 0; i < kind->n_sites; i++) {
        struct table_row row = make_row(kind, &kind->sites[i], window_ns);

        if (row.live != 0 || row.growth != 0)
            table.rows[table.n_rows++] = row;
    }
    qsort_r(table.rows, table.n_rows, sizeof(*table.rows), compare_rows, &order);
    *ret_table = table;
}

void table_release(struct table *table)
{
    free(table->rows);
    *table = (struct table){.rows = NULL};
}
