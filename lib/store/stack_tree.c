/*
 * The tree of stacks. Owns the nodes, in chunks, and the index by (parent, address); called by record/ and by store/site_table.
 *
 * A node that was made right behind its parent is found there: most are, as a new stack makes all of its frames at once. The others
 * are in an index.
 *
 * The index is open addressing over words of (5 bits of the hash, id), in shards that grow one by one, so that no caller waits
 * for more than a 64th of it to be made anew. A shard's index is published as a whole. The pages of an old one are given back
 * while readers may still be in it: they read zeros, that is "not there", and ask again under the lock.
 */
#include "store/stack_tree.h"

#include "base/lock.h"
#include "base/memory.h"
#include "store/epoch.h"

#include <stddef.h>

#define SHARD_BITS 6
#define SHARDS (1u << SHARD_BITS)
#define FIRST_SLOTS 32u
#define TAG_SHIFT 27
#define PC_MASK (UINT64_MAX >> STACK_TREE_PC_SHIFT)
#define TRUNCATED (1u << 15) /* as its root is */
#define DEPTH_MAX (TRUNCATED - 1)

struct node_index {
    uint64_t mask;
    uint32_t slots[];
};

struct shard {
    struct lock lock;
    uint32_t count;
    struct node_index *index; /* NULL: `first` */
    uint32_t first[FIRST_SLOTS];
};

static struct {
    uint32_t count;
    struct shard shards[SHARDS];
} tree = {.shards = {[0 ... SHARDS - 1] = {.lock = LOCK_INIT(LOCK_RANK_SITE)}}};
struct stack_tree_node *stack_tree_chunks[STACK_TREE_CHUNKS + 1];

static inline struct stack_tree_node *node_at(uint32_t id)
{
    return &__atomic_load_n(&stack_tree_chunks[id / STACK_TREE_CHUNK], __ATOMIC_RELAXED)[id % STACK_TREE_CHUNK];
}

static uint64_t hash_of(uint32_t parent, uintptr_t pc)
{
    uint64_t hash = (pc ^ (uint64_t)parent << 37 ^ (uint64_t)parent * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u;

    return hash ^ hash >> 32;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - SHARD_BITS - 5) & 31) << TAG_SHIFT;
}

static inline uint32_t find_in(const uint32_t *slots, uint64_t mask, uint64_t hash, uint32_t parent, uintptr_t pc)
{
    uint32_t tag = tag_of(hash);

    for (uint64_t i = hash;; i++) {
        uint32_t slot = __atomic_load_n(&slots[i & mask], __ATOMIC_ACQUIRE);
        const struct stack_tree_node *node;

        if (slot == 0)
            return STACK_NODE_NONE;
        if ((slot & ~STACK_NODE_MAX) != tag)
            continue;
        node = node_at(slot & STACK_NODE_MAX);
        if (node->parent == parent && node->pc_depth >> STACK_TREE_PC_SHIFT == pc)
            return slot & STACK_NODE_MAX;
    }
}

static inline uint32_t find(const struct shard *shard, uint64_t hash, uint32_t parent, uintptr_t pc)
{
    const struct node_index *index = __atomic_load_n(&shard->index, __ATOMIC_ACQUIRE);

    if (__builtin_expect(index == NULL, 0))
        return find_in(shard->first, FIRST_SLOTS - 1, hash, parent, pc);
    return find_in(index->slots, index->mask, hash, parent, pc);
}

static void put_in(uint32_t *slots, uint64_t mask, uint64_t hash, uint32_t id)
{
    uint64_t i = hash;

    while (slots[i & mask] != 0)
        i++;
    __atomic_store_n(&slots[i & mask], tag_of(hash) | id, __ATOMIC_RELEASE);
}

static size_t bytes_of(uint64_t slots)
{
    return sizeof(struct node_index) + slots * sizeof(uint32_t);
}

/* Makes sure that one more node fits with at most 3/4 of the slots used. */
static bool reserve(struct shard *shard)
{
    struct node_index *old = shard->index;
    uint64_t old_size = old == NULL ? FIRST_SLOTS : old->mask + 1;
    const uint32_t *old_slots = old == NULL ? shard->first : old->slots;
    struct node_index *index;

    if ((shard->count + 1) * 4ul <= old_size * 3)
        return true;
    index = memory_map(bytes_of(old_size * 2));
    if (index == NULL)
        return false;
    index->mask = old_size * 2 - 1;
    for (uint64_t i = 0; i < old_size; i++) {
        uint32_t id = old_slots[i] & STACK_NODE_MAX;

        if (id != 0)
            put_in(index->slots, index->mask, hash_of(node_at(id)->parent, node_at(id)->pc_depth >> STACK_TREE_PC_SHIFT), id);
    }
    __atomic_store_n(&shard->index, index, __ATOMIC_RELEASE);
    if (old != NULL)
        memory_discard(old, bytes_of(old_size));
    return true;
}

/* The next id, once its node has a place in memory. */
static uint32_t take_id(void)
{
    uint32_t last = __atomic_load_n(&tree.count, __ATOMIC_ACQUIRE);

    do {
        struct stack_tree_node **chunk = &stack_tree_chunks[(last + 1) / STACK_TREE_CHUNK];
        struct stack_tree_node *expected = NULL;
        struct stack_tree_node *fresh;

        if (last == STACK_NODE_MAX)
            return STACK_NODE_NONE;
        if (__atomic_load_n(chunk, __ATOMIC_ACQUIRE) != NULL)
            continue;
        fresh = memory_map(STACK_TREE_CHUNK * sizeof(struct stack_tree_node));
        if (fresh == NULL)
            return STACK_NODE_NONE;
        if (!__atomic_compare_exchange_n(chunk, &expected, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            memory_unmap(fresh, STACK_TREE_CHUNK * sizeof(struct stack_tree_node));
    } while (!__atomic_compare_exchange_n(&tree.count, &last, last + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return last + 1;
}

/* What stands beside a node's address. */
static uint32_t state_of_child(uint32_t parent, uintptr_t pc)
{
    uint32_t state;

    if (parent == STACK_NODE_NONE)
        return (pc & 1) != 0 ? TRUNCATED : 0;
    state = (uint16_t)node_at(parent)->pc_depth;
    return (state & DEPTH_MAX) == DEPTH_MAX ? state : state + 1;
}

static uint32_t add(struct shard *shard, uint64_t hash, uint32_t parent, uintptr_t pc)
{
    uint32_t id = reserve(shard) ? take_id() : STACK_NODE_NONE;

    if (id == STACK_NODE_NONE)
        return id;
    node_at(id)->parent = parent;
    __atomic_store_n(&node_at(id)->pc_depth, pc << STACK_TREE_PC_SHIFT | state_of_child(parent, pc), __ATOMIC_RELEASE);
    if (id == parent + 1)
        return id;
    if (shard->index == NULL)
        put_in(shard->first, FIRST_SLOTS - 1, hash, id);
    else
        put_in(shard->index->slots, shard->index->mask, hash, id);
    shard->count++;
    return id;
}

static __attribute__((noinline)) uint32_t make(struct shard *shard, uint64_t hash, uint32_t parent, uintptr_t pc)
{
    uint32_t id;

    if (!lock_acquire(&shard->lock))
        return STACK_NODE_NONE;
    id = stack_tree_find_beside(parent, pc);
    if (id == STACK_NODE_NONE)
        id = find(shard, hash, parent, pc);
    if (id == STACK_NODE_NONE)
        id = add(shard, hash, parent, pc);
    lock_release(&shard->lock);
    return id;
}

/* Of an address of 48 bits. */
static inline uint32_t intern(uint32_t parent, uintptr_t pc)
{
    uint64_t hash = hash_of(parent, pc);
    struct shard *shard = &tree.shards[hash >> (64 - SHARD_BITS)];
    uint32_t id = find(shard, hash, parent, pc);

    return __builtin_expect(id != STACK_NODE_NONE, 1) ? id : make(shard, hash, parent, pc);
}

/* The address of a root says what its stacks have in common; it is never 0, as a node's that is not ready. */
uint32_t stack_tree_root(enum kind kind, uint32_t epoch, bool truncated)
{
    uintptr_t what = (uintptr_t)(epoch + 1) << 8 | (uintptr_t)kind << 1 | truncated;
    uint32_t id = stack_tree_find_beside(STACK_NODE_NONE, what);

    return id != STACK_NODE_NONE ? id : intern(STACK_NODE_NONE, what);
}

uint32_t stack_tree_child_elsewhere(uint32_t parent, uintptr_t pc)
{
    return parent == STACK_NODE_NONE ? STACK_NODE_NONE : intern(parent, pc & PC_MASK);
}

uintptr_t stack_tree_pc(uint32_t node)
{
    /* Addresses are canonical: the bits above the 48th repeat it. */
    return (uintptr_t)((int64_t)__atomic_load_n(&node_at(node)->pc_depth, __ATOMIC_ACQUIRE) >> STACK_TREE_PC_SHIFT);
}

uint32_t stack_tree_parent(uint32_t node)
{
    return node_at(node)->parent;
}

uint32_t stack_tree_depth(uint32_t node)
{
    return node_at(node)->pc_depth & DEPTH_MAX;
}

static uintptr_t root_of(uint32_t node)
{
    while (node_at(node)->parent != STACK_NODE_NONE)
        node = node_at(node)->parent;
    return stack_tree_pc(node);
}

bool stack_tree_is_truncated(uint32_t node)
{
    return (node_at(node)->pc_depth & TRUNCATED) != 0;
}

static uint32_t epoch_of_root(uintptr_t root)
{
    return (uint32_t)(root >> 8) - 1;
}

/* Of a stack from a time when no module had been unloaded yet the root need not be looked for. */
uint32_t stack_tree_epoch(uint32_t node)
{
    return epoch_module() == 0 ? 0 : epoch_of_root(root_of(node));
}

void stack_tree_read(uint32_t node, uint32_t limit, uintptr_t *pcs, struct stack *ret_stack)
{
    uint32_t depth = 0;

    for (; node_at(node)->parent != STACK_NODE_NONE && depth < limit; node = node_at(node)->parent)
        pcs[depth++] = stack_tree_pc(node);
    *ret_stack = (struct stack){
        .pcs = pcs,
        .depth = depth,
        .epoch = stack_tree_epoch(node),
        .truncated = node_at(node)->parent != STACK_NODE_NONE || stack_tree_is_truncated(node),
    };
}

uint32_t stack_tree_site(uint32_t node)
{
    return __atomic_load_n(&node_at(node)->site, __ATOMIC_ACQUIRE);
}

void stack_tree_set_site(uint32_t node, uint32_t site)
{
    __atomic_store_n(&node_at(node)->site, site, __ATOMIC_RELEASE);
}

uint32_t stack_tree_count(void)
{
    return __atomic_load_n(&tree.count, __ATOMIC_ACQUIRE);
}

bool stack_tree_is_ready(uint32_t node)
{
    return __atomic_load_n(&node_at(node)->pc_depth, __ATOMIC_ACQUIRE) != 0;
}

void stack_tree_after_fork(void)
{
    for (struct shard *shard = tree.shards; shard < tree.shards + SHARDS; shard++)
        lock_reset(&shard->lock);
}
