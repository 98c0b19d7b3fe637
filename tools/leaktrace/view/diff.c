/* From two dumps to what changed. Owns nothing; called by cmd_diff.c and by the tests. */
#include "view/diff.h"

#include "common.h"
#include "profile/columns.h"

#include <stdlib.h>
#include <string.h>

static struct diff_change find_change(const struct sites_points *points)
{
    struct diff_change change = {.old = sites_at(points, 0), .new = sites_at(points, 1)};

    change.by.count = columns_subtract(change.new.count, change.old.count);
    change.by.bytes = columns_subtract(change.new.bytes, change.old.bytes);
    change.by.acquired = columns_subtract(change.new.acquired, change.old.acquired);
    return change;
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

/* The worst growth first; where nothing tells two sites apart, they stay in the order of the dumps. */
static int compare_sites(const void *a, const void *b, void *context)
{
    const struct sites_kind *kind = context;
    const struct diff_site *left = a, *right = b;
    int by_figure = descending(sites_figure(kind, &left->change.by), sites_figure(kind, &right->change.by));

    if (by_figure == 0)
        by_figure = descending(left->change.by.count, right->change.by.count);
    return by_figure != 0 ? by_figure : (left->site > right->site) - (left->site < right->site);
}

static void compare_kind(struct arena *arena, struct sites_kind *kind, struct diff_kind *ret_kind)
{
    struct diff_kind changed = {.kind = kind, .total = find_change(&kind->totals)};

    changed.sites = must_take(arena, kind->n_sites * sizeof(*changed.sites));
    for (size_t i = 0; i < kind->n_sites; i++) {
        const struct diff_change change = find_change(&kind->sites[i].points);

        if (change.by.count != 0 || change.by.bytes != 0)
            changed.sites[changed.n_sites++] = (struct diff_site){&kind->sites[i], change};
        else if (change.old.count != 0 || change.old.bytes != 0)
            changed.n_unchanged++;
    }
    if (changed.n_sites > 0)
        qsort_r(changed.sites, changed.n_sites, sizeof(*changed.sites), compare_sites, kind);
    *ret_kind = changed;
}

void diff_assemble(struct diff *diff)
{
    struct sites *sites = &diff->sites;

    sites_settle(sites, 2);
    diff->kinds = must_take(&sites->arena, sites->n_kinds * sizeof(*diff->kinds));
    for (size_t i = 0; i < sites->n_kinds; i++)
        if (sites->kinds[i].totals.n == 2)
            compare_kind(&sites->arena, &sites->kinds[i], &diff->kinds[diff->n_kinds++]);
}

unsigned diff_build(const struct source_set *old, const struct source_set *new, const char *only_kind, struct diff *ret_diff)
{
    unsigned unreadable;

    *ret_diff = (struct diff){.n_kinds = 0};
    unreadable = moment_read(old, only_kind, &ret_diff->sites, 0, &ret_diff->old);
    unreadable += moment_read(new, only_kind, &ret_diff->sites, 1, &ret_diff->new);
    diff_assemble(ret_diff);
    return unreadable;
}

void diff_symbolize(struct diff *diff, size_t top, const struct symbolize_options *options)
{
    struct sites_site **chosen = NULL;
    size_t n = 0;

    for (size_t i = 0; i < diff->n_kinds; i++)
        for (size_t j = 0; j < diff->kinds[i].n_sites && j < top; j++) {
            chosen = must_grow(chosen, n + 1, sizeof(struct sites_site *));
            chosen[n++] = diff->kinds[i].sites[j].site;
        }
    sites_symbolize(&diff->sites, chosen, n, options);
    free(chosen);
}

void diff_release(struct diff *diff)
{
    sites_release(&diff->sites);
    *diff = (struct diff){.n_kinds = 0};
}
