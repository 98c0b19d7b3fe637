/* The table of sites. Owns all sites, in chunks, and the depth that is shown; called by record/ and by the readers of the store. */
#include "store/site_table.h"

#include "base/lock.h"
#include "base/memory.h"

#include <stddef.h>

#define CHUNK 4096u
#define CHUNKS ((SITE_ID_MAX + 1) / CHUNK)

static struct {
    struct lock lock;
    uint32_t count;
    uint32_t depth;
    struct site *chunks[CHUNKS];
} table = {.lock = LOCK_INIT(LOCK_RANK_SITE), .depth = 64};

struct site *site_table_get(uint32_t id)
{
    return &table.chunks[id / CHUNK][id % CHUNK];
}

uint32_t site_table_count(void)
{
    return __atomic_load_n(&table.count, __ATOMIC_ACQUIRE);
}

/* The count goes up before the node is told, so that in a process forked in between the site is there, and unused. */
static struct site *add(uint32_t node, enum kind kind)
{
    uint32_t id = table.count + 1;
    struct site **chunk = &table.chunks[id / CHUNK];

    if (id > SITE_ID_MAX)
        return NULL;
    if (*chunk == NULL)
        *chunk = memory_map(CHUNK * sizeof(struct site));
    if (*chunk == NULL)
        return NULL;
    *site_table_get(id) = (struct site){.node = node, .id = id, .kind = kind};
    __atomic_store_n(&table.count, id, __ATOMIC_RELEASE);
    stack_tree_set_site(node, id);
    return site_table_get(id);
}

struct site *site_table_of(uint32_t node, enum kind kind)
{
    struct site *site;
    uint32_t id;

    if (node == STACK_NODE_NONE)
        return NULL;
    id = stack_tree_site(node);
    if (id != 0)
        return site_table_get(id);
    if (!lock_acquire(&table.lock))
        return NULL;
    id = stack_tree_site(node);
    site = id != 0 ? site_table_get(id) : add(node, kind);
    lock_release(&table.lock);
    return site;
}

struct site *site_table_intern(enum kind kind, const struct stack *stack)
{
    uint32_t node = stack_tree_root(kind, stack->epoch, stack->truncated);

    for (uint32_t i = stack->depth; i-- > 0;)
        node = stack_tree_child(node, stack->pcs[i]);
    return site_table_of(node, kind);
}

void site_add(struct site *site, uint64_t count, uint64_t bytes)
{
    __atomic_fetch_add(&site->acquired_count, count, __ATOMIC_RELAXED);
    __atomic_fetch_add(&site->acquired_bytes, bytes, __ATOMIC_RELAXED);
}

void site_set_depth(uint32_t depth)
{
    table.depth = depth;
}

uint32_t site_depth(void)
{
    return table.depth;
}

void site_stack(const struct site *site, uintptr_t *pcs, struct stack *ret_stack)
{
    stack_tree_read(site->node, table.depth, pcs, ret_stack);
}

bool site_is_truncated(const struct site *site)
{
    return stack_tree_depth(site->node) > table.depth || stack_tree_is_truncated(site->node);
}

void site_table_after_fork(void)
{
    lock_reset(&table.lock);
    stack_tree_after_fork();
}
