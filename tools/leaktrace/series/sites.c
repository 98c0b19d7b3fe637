/* Sites over several dumps. Owns the tables of sites while they are filled; called by series.c and view/diff.c. */
#include "series/sites.h"

#include "base/text.h"
#include "common.h"
#include "profile/columns.h"
#include "profile/kind.h"
#include "profile/profile.h"
#include "series/identity.h"
#include "view/places.h"

/* For base/table.h: every function that adds to a table has the arena at hand under this name. */
#define TABLE_ARENA arena
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stack {
    const struct identity_place **places; /* leaf first */
    size_t depth;
    struct sites_points points;
    UT_hash_handle hh;
};

struct sites_tables {
    struct stack *exact;
    struct stack *settled;
};

/* Adds to the last point, or appends one; room doubles. */
static void add_point(struct sites_points *points, size_t dump, struct sites_amount amount)
{
    struct sites_amount *sum;

    if (points->n == 0 || points->points[points->n - 1].dump != dump) {
        if ((points->n & (points->n - 1)) == 0)
            points->points = must_grow(points->points, points->n == 0 ? 1 : points->n * 2, sizeof(*points->points));
        points->points[points->n++] = (struct sites_point){.dump = dump};
    }
    sum = &points->points[points->n - 1].amount;
    sum->count = columns_add(sum->count, amount.count);
    sum->bytes = columns_add(sum->bytes, amount.bytes);
    sum->acquired = columns_add(sum->acquired, amount.acquired);
}

/* The stack in that table, made if need be; the places are copied. */
static struct stack *find_stack(struct arena *arena, struct stack **table, const struct identity_place **places, size_t depth)
{
    size_t size = depth * sizeof(const struct identity_place *);
    struct stack *stack;

    HASH_FIND(hh, *table, places, size, stack);
    if (stack == NULL) {
        stack = must_take(arena, sizeof(*stack));
        stack->places = memcpy(must_take(arena, size), places, size);
        stack->depth = depth;
        HASH_ADD_KEYPTR(hh, *table, stack->places, size, stack);
        if (!TABLE_ADDED(stack))
            must_end();
    }
    return stack;
}

/* Finds or makes the kind; kinds stay in their order. */
static struct sites_kind *find_kind(struct sites *sites, const char *name, const struct columns *columns)
{
    size_t at = sites->n_kinds, rank = kind_rank(name);

    for (size_t i = 0; i < sites->n_kinds; i++)
        if (strcmp(sites->kinds[i].kind, name) == 0)
            return &sites->kinds[i];
    sites->kinds = must_grow(sites->kinds, sites->n_kinds + 1, sizeof(*sites->kinds));
    for (; at > 0 && kind_rank(sites->kinds[at - 1].kind) > rank; at--)
        sites->kinds[at] = sites->kinds[at - 1];
    sites->n_kinds++;
    sites->kinds[at] = (struct sites_kind){
        .kind = must_copy(&sites->arena, name),
        .has_bytes = columns->bytes != COLUMNS_NONE,
        .by_bytes = columns->by_bytes,
        .has_acquired = columns->acquired != COLUMNS_NONE,
        .tables = must_take(&sites->arena, sizeof(struct sites_tables)),
    };
    return &sites->kinds[at];
}

static const struct identity_place **intern_locations(struct sites *sites, size_t dump, const struct profile *profile)
{
    const struct identity_place **places = must_grow(NULL, profile->n_locations, sizeof(const struct identity_place *));
    struct arena arena = {0};
    struct places_table *names = places_new(&arena);

    for (size_t i = 0; i < profile->n_locations; i++) {
        const struct profile_location *location = &profile->locations[i];

        places[i] = identity_intern(sites->identities, location, places_intern(names, location), dump);
    }
    arena_release(&arena);
    return places;
}

static void add_samples(struct sites *sites, size_t dump, struct sites_kind *kind, const struct profile *profile)
{
    const struct columns columns = columns_find(profile);
    const struct identity_place **places = intern_locations(sites, dump, profile), **stack = NULL;

    add_point(&kind->totals, dump, (struct sites_amount){0});
    for (size_t i = 0; i < profile->n_samples; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        const struct sites_amount amount = {columns_value(sample, columns.count), columns_value(sample, columns.bytes),
                                            columns_value(sample, columns.acquired)};

        add_point(&kind->totals, dump, amount);
        stack = must_grow(stack, sample->depth, sizeof(const struct identity_place *));
        for (size_t j = 0; j < sample->depth; j++)
            stack[j] = places[sample->stack[j] - profile->locations];
        add_point(&find_stack(&sites->arena, &kind->tables->exact, stack, sample->depth)->points, dump, amount);
    }
    free(stack);
    free(places);
}

int sites_add(struct sites *sites, size_t dump, const char *kind, const struct profile *profile, struct text *ret_why)
{
    const struct columns columns = columns_find(profile);
    struct sites_kind *found;

    if (sites->identities == NULL)
        sites->identities = identity_new(&sites->arena);
    found = find_kind(sites, kind, &columns);
    if (found->has_bytes != (columns.bytes != COLUMNS_NONE) || found->by_bytes != columns.by_bytes) {
        text_format(ret_why, "its sample types are not those of the %s profiles before it", kind);
        return -EINVAL;
    }
    add_samples(sites, dump, found, profile);
    return 0;
}

/* Adds the points of another stack, both by dump. */
static void merge_points(struct sites_points *into, const struct sites_points *from)
{
    struct sites_points merged = {0};
    size_t i = 0, j = 0;

    while (i < into->n || j < from->n) {
        bool first = j == from->n || (i < into->n && into->points[i].dump <= from->points[j].dump);
        const struct sites_point *point = first ? &into->points[i++] : &from->points[j++];

        add_point(&merged, point->dump, point->amount);
    }
    free(into->points);
    *into = merged;
}

/* Enters a stack under what its places are the same as, repeated ones once, and takes its points over. */
static void settle_stack(struct arena *arena, struct sites_tables *tables, struct stack *exact)
{
    const struct identity_place **places = must_grow(NULL, exact->depth, sizeof(const struct identity_place *));
    struct stack *settled;
    size_t depth = 0;

    for (size_t i = 0; i < exact->depth; i++)
        if (depth == 0 || places[depth - 1] != exact->places[i]->same_as)
            places[depth++] = exact->places[i]->same_as;
    settled = find_stack(arena, &tables->settled, places, depth);
    if (settled->points.n == 0) {
        settled->points = exact->points;
    } else {
        merge_points(&settled->points, &exact->points);
        free(exact->points.points);
    }
    free(places);
}

/* Lays the frames of all places of the stack out in a row. */
static void spread_frames(struct arena *arena, struct sites_site *site)
{
    site->n_frames = 0;
    for (size_t i = 0; i < site->depth; i++)
        site->n_frames += site->places[i]->n_frames;
    site->frames = must_take(arena, site->n_frames * sizeof(const struct places_frame *));
    for (size_t i = 0, at = 0; i < site->depth; i++)
        for (size_t j = 0; j < site->places[i]->n_frames; j++)
            site->frames[at++] = &site->places[i]->frames[j];
    site->headline = places_headline(site->frames, site->n_frames);
}

static void settle_kind(struct arena *arena, struct sites_kind *kind)
{
    struct stack *stack;

    for (stack = kind->tables->exact; stack != NULL; stack = stack->hh.next)
        settle_stack(arena, kind->tables, stack);
    kind->sites = must_take(arena, HASH_COUNT(kind->tables->settled) * sizeof(*kind->sites));
    for (stack = kind->tables->settled; stack != NULL; stack = stack->hh.next) {
        struct sites_site *site = &kind->sites[kind->n_sites++];

        *site = (struct sites_site){.points = stack->points, .places = stack->places, .depth = stack->depth};
        spread_frames(arena, site);
    }
    kind->tables = NULL;
}

void sites_settle(struct sites *sites, size_t n_dumps)
{
    if (sites->identities == NULL)
        return;
    identity_settle(sites->identities, n_dumps);
    for (size_t i = 0; i < sites->n_kinds; i++)
        settle_kind(&sites->arena, &sites->kinds[i]);
}

static int compare_places(const void *a, const void *b)
{
    const struct identity_place *left = *(const struct identity_place *const *)a;
    const struct identity_place *right = *(const struct identity_place *const *)b;

    return (left > right) - (left < right);
}

void sites_symbolize(struct sites *sites, struct sites_site *const *chosen, size_t n, const struct symbolize_options *options)
{
    const struct identity_place **places;
    size_t n_places = 0, n_distinct = 0;

    for (size_t i = 0; i < n; i++)
        n_places += chosen[i]->depth;
    if (n_places == 0)
        return;
    places = must_grow(NULL, n_places, sizeof(const struct identity_place *));
    for (size_t i = 0, at = 0; i < n; at += chosen[i++]->depth)
        memcpy(&places[at], chosen[i]->places, chosen[i]->depth * sizeof(const struct identity_place *));
    qsort(places, n_places, sizeof(const struct identity_place *), compare_places);
    for (size_t i = 0; i < n_places; i++)
        if (i == 0 || places[i] != places[i - 1])
            places[n_distinct++] = places[i];
    identity_symbolize(sites->identities, places, n_distinct, options);
    for (size_t i = 0; i < n; i++)
        spread_frames(&sites->arena, chosen[i]);
    free(places);
}

void sites_release(struct sites *sites)
{
    for (size_t i = 0; i < sites->n_kinds; i++) {
        for (size_t j = 0; j < sites->kinds[i].n_sites; j++)
            free(sites->kinds[i].sites[j].points.points);
        free(sites->kinds[i].totals.points);
    }
    free(sites->kinds);
    arena_release(&sites->arena);
    *sites = (struct sites){0};
}

int64_t sites_figure(const struct sites_kind *kind, const struct sites_amount *amount)
{
    return kind->by_bytes ? amount->bytes : amount->count;
}

const struct sites_point *sites_find(const struct sites_points *points, size_t dump)
{
    size_t low = 0, high = points->n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (points->points[middle].dump < dump)
            low = middle + 1;
        else
            high = middle;
    }
    return low < points->n && points->points[low].dump == dump ? &points->points[low] : NULL;
}

struct sites_amount sites_at(const struct sites_points *points, size_t dump)
{
    const struct sites_point *point = sites_find(points, dump);

    return point == NULL ? (struct sites_amount){0} : point->amount;
}
