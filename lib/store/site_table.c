/*
 * The table of sites. Owns all sites, in an arena, and the index by hash; called by record/ (intern) and snapshot/ (get).
 *
 * The index is open addressing over words of (upper half of the hash, id). It doubles under the lock and is published as a
 * whole; old indexes stay mapped, because readers may still be in them, and make up less than the current one together.
 */
#include "store/site_table.h"

#include "base/arena.h"
#include "base/lock.h"
#include "base/memory.h"

#include <string.h>

#define DIRECTORY_CHUNK 4096u
#define DIRECTORY_CHUNKS ((SITE_ID_MAX + 1) / DIRECTORY_CHUNK)
#define FIRST_INDEX_SIZE 1024u

struct site_index {
    uint64_t mask;
    uint64_t slots[];
};

static struct {
    struct lock lock;
    struct arena arena;
    struct site_index *index;
    uint32_t count;
    struct site **directory[DIRECTORY_CHUNKS];
} table = {.lock = LOCK_INIT(LOCK_RANK_SITE)};

static uint64_t hash_stack(enum kind kind, const struct stack *stack)
{
    uint64_t hash = ((uint64_t)stack->epoch << 16 | (uint64_t)stack->truncated << 8 | (uint64_t)kind) + stack->depth;

    for (uint32_t i = 0; i < stack->depth; i++) {
        hash = (hash ^ stack->pcs[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash * 0xbf58476d1ce4e5b9u;
}

static bool is_site_of(const struct site *site, enum kind kind, const struct stack *stack)
{
    return site->kind == kind && site->stack.depth == stack->depth && site->stack.epoch == stack->epoch &&
           site->stack.truncated == stack->truncated &&
           memcmp(site->pcs, stack->pcs, stack->depth * sizeof(stack->pcs[0])) == 0;
}

struct site *site_table_get(uint32_t id)
{
    return table.directory[id / DIRECTORY_CHUNK][id % DIRECTORY_CHUNK];
}

uint32_t site_table_count(void)
{
    return __atomic_load_n(&table.count, __ATOMIC_ACQUIRE);
}

static struct site *find(uint64_t hash, enum kind kind, const struct stack *stack)
{
    struct site_index *index = __atomic_load_n(&table.index, __ATOMIC_ACQUIRE);

    if (index == NULL)
        return NULL;
    for (uint64_t i = hash;; i++) {
        uint64_t slot = __atomic_load_n(&index->slots[i & index->mask], __ATOMIC_ACQUIRE);
        struct site *site;

        if (slot == 0)
            return NULL;
        if (slot >> 32 != hash >> 32)
            continue;
        site = site_table_get((uint32_t)slot);
        if (site->hash == hash && is_site_of(site, kind, stack))
            return site;
    }
}

static void index_put(struct site_index *index, uint64_t hash, uint32_t id)
{
    uint64_t i = hash;

    while (index->slots[i & index->mask] != 0)
        i++;
    __atomic_store_n(&index->slots[i & index->mask], hash >> 32 << 32 | id, __ATOMIC_RELEASE);
}

/* Makes sure that one more site fits in the index with at most 3/4 of the slots used. */
static bool index_reserve(void)
{
    struct site_index *old = table.index;
    uint64_t size = old == NULL ? FIRST_INDEX_SIZE : (old->mask + 1) * 2;
    struct site_index *index;

    if (old != NULL && (table.count + 1) * 4ul <= (old->mask + 1) * 3)
        return true;
    index = memory_map(sizeof(*index) + size * sizeof(index->slots[0]));
    if (index == NULL)
        return false;
    index->mask = size - 1;
    for (uint32_t id = 1; id <= table.count; id++)
        index_put(index, site_table_get(id)->hash, id);
    __atomic_store_n(&table.index, index, __ATOMIC_RELEASE);
    return true;
}

static bool directory_reserve(uint32_t id)
{
    struct site ***chunk = &table.directory[id / DIRECTORY_CHUNK];

    if (*chunk == NULL)
        *chunk = arena_alloc(&table.arena, DIRECTORY_CHUNK * sizeof(struct site *));
    return *chunk != NULL;
}

static struct site *add(uint64_t hash, enum kind kind, const struct stack *stack)
{
    uint32_t id = table.count + 1;
    struct site *site;

    if (id > SITE_ID_MAX || !index_reserve() || !directory_reserve(id))
        return NULL;
    site = arena_alloc(&table.arena, sizeof(*site) + stack->depth * sizeof(stack->pcs[0]));
    if (site == NULL)
        return NULL;
    *site = (struct site){.hash = hash, .id = id, .kind = kind, .stack = *stack};
    memcpy(site->pcs, stack->pcs, stack->depth * sizeof(stack->pcs[0]));
    site->stack.pcs = site->pcs;
    table.directory[id / DIRECTORY_CHUNK][id % DIRECTORY_CHUNK] = site;
    __atomic_store_n(&table.count, id, __ATOMIC_RELEASE);
    index_put(table.index, hash, id);
    return site;
}

struct site *site_table_intern(enum kind kind, const struct stack *stack)
{
    uint64_t hash = hash_stack(kind, stack);
    struct site *site = find(hash, kind, stack);

    if (site != NULL || !lock_acquire(&table.lock))
        return site;
    site = find(hash, kind, stack);
    if (site == NULL)
        site = add(hash, kind, stack);
    lock_release(&table.lock);
    return site;
}

void site_count(struct site *site, uint64_t bytes)
{
    __atomic_fetch_add(&site->acquired_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&site->acquired_bytes, bytes, __ATOMIC_RELAXED);
}

void site_correct(struct site *site, uint64_t from_bytes, uint64_t to_bytes)
{
    __atomic_fetch_add(&site->acquired_bytes, to_bytes - from_bytes, __ATOMIC_RELAXED);
}

void site_table_after_fork(void)
{
    lock_reset(&table.lock);
}
