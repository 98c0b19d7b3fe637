/* From a series to verdicts. Owns nothing; called by cmd_trend.c and by the tests. */
#include "view/trend.h"

#include "common.h"
#include "view/sparkline.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The dumps of the chain that have the kind: their places in the chain. */
static size_t find_dumps(const struct trend *trend, const struct sites_kind *kind, size_t *ret_places)
{
    size_t n = 0;

    for (size_t i = 0; i < trend->chain->n_dumps; i++)
        if (sites_find(&kind->totals, trend->chain->dumps[i].number) != NULL)
            ret_places[n++] = i;
    return n;
}

static int64_t figure_at(const struct sites_kind *kind, const struct sites_points *points, size_t number)
{
    const struct sites_amount amount = sites_at(points, number);

    return sites_figure(kind, &amount);
}

/* Judges one site; false when nothing was ever live there. */
static bool judge_site(const struct trend *trend, const struct sites_kind *kind, const size_t *places, size_t n,
                       const struct sites_points *points, struct trend_site *ret_site)
{
    struct verdict_point *values = must_grow(NULL, n, sizeof(*values));
    int64_t first = 0, last = 0;
    bool was_live = false;

    for (size_t i = 0; i < n; i++) {
        const struct series_dump *dump = &trend->chain->dumps[places[i]];

        last = figure_at(kind, points, dump->number);
        first = i == 0 ? last : first;
        values[i] = (struct verdict_point){dump->hours, (double)last, dump->load, dump->life};
        was_live |= last != 0;
    }
    if (was_live) {
        *ret_site = (struct trend_site){.points = points, .first = first, .last = last};
        verdict_judge(values, n, &ret_site->verdict);
    }
    free(values);
    return was_live;
}

static int descending(double a, double b)
{
    return (a < b) - (a > b);
}

/* By verdict, then by rate where there is one, then by what is live. */
static int compare_sites(const void *a, const void *b)
{
    const struct trend_site *left = a, *right = b;
    int by_rate = descending(left->verdict.per_hour, right->verdict.per_hour);
    int by_level = descending((double)left->last, (double)right->last);

    if (left->verdict.kind != right->verdict.kind)
        return left->verdict.kind < right->verdict.kind ? -1 : 1;
    if (by_rate != 0)
        return by_rate;
    return by_level != 0 ? by_level : (left->site > right->site) - (left->site < right->site);
}

static void take_limit(const struct trend *trend, const char *name, struct trend_kind *kind)
{
    if (strcmp(name, "fd") == 0) {
        kind->used = kind->total.last;
        kind->limit = trend->last->fd_limit;
    } else if (strcmp(name, "thread") == 0) {
        kind->used = kind->total.last;
        kind->limit = trend->last->thread_limit;
    } else if (kind->kind->by_bytes) {
        kind->used = trend->last->memory;
        kind->limit = trend->last->memory_limit;
    }
}

static bool judge_kind(struct trend *trend, const struct sites_kind *kind, struct trend_kind *ret_kind)
{
    struct trend_kind judged = {.kind = kind};
    size_t *places = must_grow(NULL, trend->chain->n_dumps, sizeof(*places));
    size_t n = find_dumps(trend, kind, places);

    judged.sites = must_take(&trend->arena, kind->n_sites * sizeof(*judged.sites));
    for (size_t i = 0; i < kind->n_sites && n > 0; i++) {
        struct trend_site *site = &judged.sites[judged.n_sites];

        if (!judge_site(trend, kind, places, n, &kind->sites[i].points, site))
            continue;
        site->site = &kind->sites[i];
        judged.counts[site->verdict.kind]++;
        judged.n_sites++;
    }
    if (judged.n_sites > 0) {
        qsort(judged.sites, judged.n_sites, sizeof(*judged.sites), compare_sites);
        judge_site(trend, kind, places, n, &kind->totals, &judged.total);
        take_limit(trend, kind->kind, &judged);
    }
    free(places);
    *ret_kind = judged;
    return n > 0;
}

void trend_build(struct series *series, size_t chain, const char *only_kind, struct trend *ret_trend)
{
    struct trend trend = {.series = series, .chain = &series->chains[chain]};

    trend.first = &series->moments[trend.chain->dumps[0].number];
    trend.last = &series->moments[trend.chain->dumps[trend.chain->n_dumps - 1].number];
    for (size_t i = 0; i < trend.chain->n_dumps; i++) {
        int64_t dropped = series->moments[trend.chain->dumps[i].number].dropped;

        trend.dropped = dropped > trend.dropped ? dropped : trend.dropped;
    }
    trend.kinds = must_take(&trend.arena, series->sites.n_kinds * sizeof(*trend.kinds));
    for (size_t i = 0; i < series->sites.n_kinds; i++)
        if (only_kind == NULL || strcmp(series->sites.kinds[i].kind, only_kind) == 0)
            trend.n_kinds += judge_kind(&trend, &series->sites.kinds[i], &trend.kinds[trend.n_kinds]);
    *ret_trend = trend;
}

void trend_symbolize(struct trend *trend, size_t top, const struct symbolize_options *options)
{
    struct sites_site **chosen = NULL;
    size_t n = 0;

    for (size_t i = 0; i < trend->n_kinds; i++)
        for (size_t j = 0; j < trend->kinds[i].n_sites && j < top; j++) {
            chosen = must_grow(chosen, n + 1, sizeof(struct sites_site *));
            chosen[n++] = trend->kinds[i].sites[j].site;
        }
    sites_symbolize(&trend->series->sites, chosen, n, options);
    free(chosen);
}

void trend_release(struct trend *trend)
{
    arena_release(&trend->arena);
}

double trend_hours_left(const struct trend_kind *kind, const struct trend_site *site)
{
    double left = (double)kind->limit - (double)kind->used;

    if (kind->limit <= 0 || site->verdict.per_hour <= 0 || site->verdict.kind != VERDICT_GROWING)
        return NAN;
    return left <= 0 ? 0 : left / site->verdict.per_hour;
}

void trend_draw(const struct trend *trend, const struct trend_kind *kind, const struct trend_site *site, size_t width,
                char *ret_picture)
{
    struct sparkline_point *points = must_grow(NULL, trend->chain->n_dumps, sizeof(*points));
    size_t n = 0;

    for (size_t i = 0; i < trend->chain->n_dumps; i++) {
        const struct series_dump *dump = &trend->chain->dumps[i];

        if (sites_find(&kind->kind->totals, dump->number) != NULL)
            points[n++] =
                (struct sparkline_point){dump->hours, (double)figure_at(kind->kind, site->points, dump->number), dump->life};
    }
    sparkline_draw(points, n, width, ret_picture);
    free(points);
}
