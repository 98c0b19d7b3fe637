/* The ranking of sites. Owns the table of sites while it is built; called by report.c. */
#include "view/ranking.h"

#include "common.h"
#include "profile/columns.h"
#include "profile/profile.h"
#include "symbolize/demangle.h"

/* For base/table.h: every function that adds to a table has the ranking's arena at hand under this name. */
#define TABLE_ARENA arena
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 16

struct group {
    struct ranking_group group;
    struct profile_label labels[LABELS_MAX];
    UT_hash_handle hh;
    char key[];
};

struct site {
    struct ranking_site site;
    const struct places_place **places;
    struct group *groups;
    UT_hash_handle hh;
};

struct builder {
    struct ranking *ranking;
    struct places_table *places;
    struct site *sites; /* in the order in which they were met */
};

static void add_amount(struct ranking_amount *sum, struct ranking_amount amount)
{
    sum->count = columns_add(sum->count, amount.count);
    sum->bytes = columns_add(sum->bytes, amount.bytes);
}

static const struct places_place **intern_locations(struct builder *builder, const struct profile *profile)
{
    struct arena *arena = &builder->ranking->arena;
    const struct places_place **places = must_take(arena, profile->n_locations * sizeof(struct places_place *));

    for (size_t i = 0; i < profile->n_locations; i++)
        places[i] = places_intern(builder->places, &profile->locations[i]);
    return places;
}

/* Lays the frames of all places of the stack out in a row. */
static void spread_frames(struct arena *arena, struct site *site, size_t depth)
{
    struct ranking_site *ranked = &site->site;

    for (size_t i = 0; i < depth; i++)
        ranked->n_frames += site->places[i]->n_frames;
    ranked->frames = must_take(arena, ranked->n_frames * sizeof(struct places_frame *));
    for (size_t i = 0, at = 0; i < depth; i++)
        for (size_t j = 0; j < site->places[i]->n_frames; j++)
            ranked->frames[at++] = &site->places[i]->frames[j];
    ranked->headline = places_headline(ranked->frames, ranked->n_frames);
}

static struct site *find_site(struct builder *builder, const struct profile *profile, const struct profile_sample *sample,
                              const struct places_place **places)
{
    struct arena *arena = &builder->ranking->arena;
    size_t size = sample->depth * sizeof(struct places_place *);
    const struct places_place **stack = must_grow(NULL, sample->depth, sizeof(struct places_place *));
    struct site *site;

    for (size_t i = 0; i < sample->depth; i++)
        stack[i] = places[sample->stack[i] - profile->locations];
    HASH_FIND(hh, builder->sites, stack, size, site);
    if (site == NULL) {
        site = must_take(arena, sizeof(*site));
        site->places = memcpy(must_take(arena, size), stack, size);
        spread_frames(arena, site, sample->depth);
        HASH_ADD_KEYPTR(hh, builder->sites, site->places, size, site);
        if (!TABLE_ADDED(site))
            must_end();
    }
    free(stack);
    return site;
}

static char *make_group_key(const struct profile_label *labels, size_t n)
{
    char *key = must_format("%s", "");

    for (size_t i = 0; i < n; i++) {
        char *longer = must_format("%s%s\n%s\n", key, labels[i].key, labels[i].value);

        free(key);
        key = longer;
    }
    return key;
}

/* Labels for people come in this order, all others behind. */
static size_t label_rank(const char *key)
{
    static const char *const order[] = {"type", "peer", "state", RANKING_START_LABEL};
    size_t rank = 0;

    while (rank < sizeof(order) / sizeof(order[0]) && strcmp(order[rank], key) != 0)
        rank++;
    return rank;
}

static bool has_label(const struct profile_label *labels, size_t n, const char *key)
{
    while (n-- > 0)
        if (strcmp(labels[n].key, key) == 0)
            return true;
    return false;
}

/* The bucket of an age; AGES_N when the label is none. */
static size_t age_of(const struct profile_label *label)
{
    return strcmp(label->key, AGES_LABEL) == 0 ? ages_find(label->value) : AGES_N;
}

static void add_age(struct ranking_site *site, const struct profile_sample *sample, int64_t count)
{
    for (size_t i = 0; i < sample->n_labels; i++) {
        size_t age = age_of(&sample->labels[i]);

        if (age < AGES_N) {
            site->ages[age] = columns_add(site->ages[age], count);
            return;
        }
    }
}

/* The label as people read it. */
static struct profile_label label_for_people(struct arena *arena, struct profile_label label)
{
    char name[DEMANGLE_MAX];

    if (strcmp(label.key, RANKING_START_LABEL) == 0 && demangle(label.value, name))
        label.value = must_copy(arena, name);
    return label;
}

/* Fills `ret_labels` with at most LABELS_MAX labels that have a text and are no age, each key once, in order; returns how
   many. */
static size_t order_labels(const struct profile_sample *sample, struct profile_label *ret_labels)
{
    size_t n = 0;

    for (size_t i = 0; i < sample->n_labels && n < LABELS_MAX; i++) {
        const struct profile_label *label = &sample->labels[i];
        size_t at = n;

        if (label->value[0] == '\0' || age_of(label) < AGES_N || has_label(ret_labels, n, label->key))
            continue;
        for (; at > 0 && label_rank(ret_labels[at - 1].key) > label_rank(label->key); at--)
            ret_labels[at] = ret_labels[at - 1];
        ret_labels[at] = *label;
        n++;
    }
    return n;
}

static void add_group(struct arena *arena, struct site *site, const struct profile_sample *sample, int64_t count)
{
    struct profile_label labels[LABELS_MAX];
    size_t n = order_labels(sample, labels);
    char *key = make_group_key(labels, n);
    size_t len = strlen(key);
    struct group *group;

    HASH_FIND(hh, site->groups, key, len, group);
    if (group == NULL) {
        group = must_take(arena, sizeof(*group) + len + 1);
        group->group = (struct ranking_group){.labels = group->labels, .n_labels = n};
        for (size_t i = 0; i < n; i++)
            group->labels[i] = label_for_people(arena, labels[i]);
        memcpy(group->key, key, len + 1);
        HASH_ADD(hh, site->groups, key, len, group);
        if (!TABLE_ADDED(group))
            must_end();
    }
    free(key);
    group->group.count = columns_add(group->group.count, count);
}

static void add_profile(struct builder *builder, const struct profile *profile, bool is_growth)
{
    struct ranking *ranking = builder->ranking;
    const struct columns columns = columns_find(profile);
    const struct places_place **places = intern_locations(builder, profile);

    for (size_t i = 0; i < profile->n_samples; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        const struct ranking_amount amount = {columns_value(sample, columns.count), columns_value(sample, columns.bytes)};
        struct site *site;

        if (amount.count == 0 && amount.bytes == 0)
            continue;
        site = find_site(builder, profile, sample, places);
        add_amount(is_growth ? &site->site.growth : &site->site.live, amount);
        add_amount(is_growth ? &ranking->growth : &ranking->live, amount);
        if (is_growth || sample->n_labels == 0)
            continue;
        add_group(&ranking->arena, site, sample, columns.count == COLUMNS_NONE ? 1 : amount.count);
        add_age(&site->site, sample, amount.count);
    }
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int compare_groups(const void *a, const void *b)
{
    return descending(((const struct ranking_group *)a)->count, ((const struct ranking_group *)b)->count);
}

static void rank_groups(struct arena *arena, struct site *site)
{
    struct ranking_site *ranked = &site->site;
    struct group *group;

    ranked->groups = must_take(arena, HASH_COUNT(site->groups) * sizeof(*ranked->groups));
    for (group = site->groups; group != NULL; group = group->hh.next)
        if (group->group.n_labels > 0)
            ranked->groups[ranked->n_groups++] = group->group;
    if (ranked->n_groups > 0)
        qsort(ranked->groups, ranked->n_groups, sizeof(*ranked->groups), compare_groups);
}

int64_t ranking_figure(const struct ranking *ranking, const struct ranking_amount *amount)
{
    return ranking->by_bytes ? amount->bytes : amount->count;
}

static int compare_sites(const void *a, const void *b, void *context)
{
    const struct ranking *ranking = context;
    const struct ranking_site *left = a, *right = b;
    int by_growth = descending(ranking_figure(ranking, &left->growth), ranking_figure(ranking, &right->growth));
    int by_live = descending(ranking_figure(ranking, &left->live), ranking_figure(ranking, &right->live));

    if (by_growth != 0 || by_live != 0)
        return by_growth != 0 ? by_growth : by_live;
    return descending(left->live.count, right->live.count);
}

static void rank_sites(struct builder *builder)
{
    struct ranking *ranking = builder->ranking;
    struct site *site;

    ranking->sites = must_take(&ranking->arena, HASH_COUNT(builder->sites) * sizeof(*ranking->sites));
    for (site = builder->sites; site != NULL; site = site->hh.next) {
        rank_groups(&ranking->arena, site);
        ranking->sites[ranking->n_sites++] = site->site;
    }
    if (ranking->n_sites > 0)
        qsort_r(ranking->sites, ranking->n_sites, sizeof(*ranking->sites), compare_sites, ranking);
}

void ranking_build(const char *kind, const struct profile *live, const struct profile *growth, struct ranking *ret_ranking)
{
    struct ranking ranking = {.kind = kind, .has_growth = growth != NULL};
    struct builder builder = {.ranking = &ranking};
    const struct columns columns = columns_find(live);

    ranking.has_bytes = columns.bytes != COLUMNS_NONE;
    ranking.by_bytes = columns.by_bytes;
    builder.places = places_new(&ranking.arena);
    add_profile(&builder, live, false);
    if (growth != NULL)
        add_profile(&builder, growth, true);
    rank_sites(&builder);
    *ret_ranking = ranking;
}

double ranking_share(const struct ranking *ranking, const struct ranking_site *site)
{
    double whole = (double)ranking_figure(ranking, &ranking->live);

    return whole == 0 ? 0 : 100 * (double)ranking_figure(ranking, &site->live) / whole;
}

bool ranking_has_grown(const struct ranking *ranking, const struct ranking_site *site)
{
    return ranking->has_growth && site->growth.count > 1;
}

void ranking_release(struct ranking *ranking)
{
    arena_release(&ranking->arena);
}
