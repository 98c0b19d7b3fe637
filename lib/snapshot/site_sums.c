/* Sums by site. Owns nothing; called by snapshot/snapshot. */
#include "snapshot/site_sums.h"

#include "store/site_table.h"
#include "store/tally.h"

#include <errno.h>
#include <string.h>

/* Deep sites by what is shown of their stacks: open addressing. */
struct deep_site {
    uint32_t id;
    uint32_t tag; /* of the hash */
};

struct deep_sites {
    uint64_t mask;
    struct deep_site *sites;
};

static uint64_t hash_of(const struct stack *stack)
{
    uint64_t hash = stack->epoch;

    for (uint32_t i = 0; i < stack->depth; i++) {
        hash = (hash ^ stack->pcs[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static bool looks_like(uint32_t id, enum kind kind, const struct stack *stack)
{
    uintptr_t pcs[SITE_DEPTH_MAX];
    struct stack other;

    if (site_table_get(id)->kind != kind)
        return false;
    site_stack(site_table_get(id), pcs, &other);
    return other.epoch == stack->epoch && other.truncated == stack->truncated &&
           memcmp(pcs, stack->pcs, stack->depth * sizeof(pcs[0])) == 0;
}

/* The first site that looks like this one, all of site_depth() frames. */
static uint32_t first_like(struct deep_sites *deep, uint32_t id)
{
    const struct site *site = site_table_get(id);
    uintptr_t pcs[SITE_DEPTH_MAX];
    struct deep_site *place;
    struct stack stack;
    uint64_t hash;
    uint32_t tag;

    site_stack(site, pcs, &stack);
    hash = hash_of(&stack);
    tag = (uint32_t)(hash >> 32);
    for (uint64_t i = hash; (place = &deep->sites[i & deep->mask])->id != 0; i++)
        if (place->tag == tag && looks_like(place->id, site->kind, &stack))
            return place->id;
    *place = (struct deep_site){.id = id, .tag = tag};
    return id;
}

static bool is_deep(uint32_t id)
{
    return stack_tree_depth(site_table_get(id)->node) >= site_depth();
}

int site_sums_init(struct site_sums *sums, struct arena *arena)
{
    struct deep_sites deep = {.mask = 1};
    uint32_t n_deep = 0;

    sums->count = site_table_count();
    sums->sum = arena_alloc(arena, (sums->count + 1ul) * sizeof(sums->sum[0]));
    if (sums->sum == NULL)
        return -ENOMEM;
    for (uint32_t id = 1; id <= sums->count; id++) {
        sums->sum[id].shown_as = is_deep(id) ? 0 : id;
        n_deep += sums->sum[id].shown_as == 0;
    }
    while (deep.mask < 2ul * n_deep)
        deep.mask = deep.mask << 1 | 1;
    deep.sites = arena_alloc(arena, (deep.mask + 1) * sizeof(deep.sites[0]));
    if (deep.sites == NULL)
        return -ENOMEM;
    for (uint32_t id = 1; id <= sums->count; id++)
        if (sums->sum[id].shown_as == 0)
            sums->sum[id].shown_as = first_like(&deep, id);
    return 0;
}

uint32_t site_sums_shown_as(const struct site_sums *sums, uint32_t id)
{
    return id <= sums->count ? sums->sum[id].shown_as : 0;
}

static void add(struct site_sums *sums, uint32_t id, uint64_t count, uint64_t bytes)
{
    struct site_sum *sum = &sums->sum[site_sums_shown_as(sums, id)];

    sum->count += count;
    sum->bytes += bytes;
}

static void add_tally(const struct tally *tally, void *context)
{
    add(context, tally->site->id, tally->count, tally->bytes);
}

void site_sums_add_up(struct site_sums *sums)
{
    for (uint32_t id = 0; id <= sums->count; id++)
        sums->sum[id].count = sums->sum[id].bytes = 0;
    for (uint32_t id = 1; id <= sums->count; id++) {
        const struct site *site = site_table_get(id);

        add(sums, id, __atomic_load_n(&site->acquired_count, __ATOMIC_RELAXED),
            __atomic_load_n(&site->acquired_bytes, __ATOMIC_RELAXED));
    }
    tally_visit(add_tally, sums);
}

static void count_tally(const struct tally *tally, void *context)
{
    *(uint64_t *)context += tally->count;
}

uint64_t site_sums_acquired(void)
{
    uint32_t count = site_table_count();
    uint64_t acquired = 0;

    for (uint32_t id = 1; id <= count; id++)
        acquired += __atomic_load_n(&site_table_get(id)->acquired_count, __ATOMIC_RELAXED);
    tally_visit(count_tally, &acquired);
    return acquired;
}
