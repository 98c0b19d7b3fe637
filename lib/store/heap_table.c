/*
 * The table of live heap blocks. Owns its shards; called by record/ (add, take) and snapshot/ (visit).
 *
 * A slot is two words:
 *   key:   address << 16 | upper 12 bits of the size << 2 | generation     0 = never used, 1 = removed
 *   value: lower 38 bits of the size << 26 | site
 * The value is written before the key and read after it. A generation is 0 for blocks from before the mark; new blocks get
 * 1 or 2, whichever is current. heap_table_mark() switches between the two first, which makes all older blocks old at once,
 * and then clears their generation shard by shard, so that the number can be used again.
 */
#include "store/heap_table.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"
#include "store/site_table.h"

#define SHARD_BITS 8
#define SHARDS (1u << SHARD_BITS)
#define FIRST_SIZE 64u
#define REMOVED 1ul
#define SIZE_LOW_BITS 38
#define GENERATION_MASK 3ul
#define SITE_MASK ((uint64_t)SITE_ID_MAX)

struct slot {
    uint64_t key;
    uint64_t value;
};

/* Published as a whole by one store, so that a process forked in the middle of grow() has the old one or the new one. */
struct slots {
    uint64_t mask;
    uint64_t unused;
    struct slot at[];
};

struct shard {
    struct lock lock;
    struct slots *slots; /* NULL: none yet */
    uint64_t live;
    uint64_t used; /* live and removed */
} __attribute__((aligned(64)));

static struct {
    struct shard shards[SHARDS];
    unsigned generation;
} table = {.shards = {[0 ... SHARDS - 1] = {.lock = LOCK_INIT(LOCK_RANK_HEAP)}}, .generation = 1};

static uint64_t hash_addr(uintptr_t addr)
{
    uint64_t hash = (addr >> 3) * 0x9e3779b97f4a7c15u;

    return hash ^ hash >> 32;
}

static struct shard *shard_of(uintptr_t addr)
{
    return &table.shards[hash_addr(addr) >> (64 - SHARD_BITS)];
}

static struct slot pack(uintptr_t addr, uint64_t size, uint32_t site, unsigned generation)
{
    return (struct slot){
        .key = addr << 16 | size >> SIZE_LOW_BITS << 2 | generation,
        .value = size << (64 - SIZE_LOW_BITS) | site,
    };
}

static struct heap_block unpack(struct slot slot)
{
    return (struct heap_block){
        .addr = slot.key >> 16,
        .size = (slot.key & 0xffff) >> 2 << SIZE_LOW_BITS | slot.value >> (64 - SIZE_LOW_BITS),
        .site = (uint32_t)(slot.value & SITE_MASK),
        .after_mark = (slot.key & GENERATION_MASK) == __atomic_load_n(&table.generation, __ATOMIC_RELAXED),
    };
}

static void store_slot(struct slot *slot, struct slot from)
{
    __atomic_store_n(&slot->value, from.value, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->key, from.key, __ATOMIC_RELEASE);
}

/* The slot of this address, or NULL; `ret_free` then gets the slot where it would go. */
static struct slot *find(struct slots *slots, uintptr_t addr, struct slot **ret_free)
{
    *ret_free = NULL;
    for (uint64_t i = hash_addr(addr);; i++) {
        struct slot *slot = &slots->at[i & slots->mask];

        if (slot->key >> 16 == addr)
            return slot;
        if (slot->key <= REMOVED && *ret_free == NULL)
            *ret_free = slot;
        if (slot->key == 0)
            return NULL;
    }
}

static size_t bytes_of(uint64_t size)
{
    return sizeof(struct slots) + size * sizeof(struct slot);
}

/* A larger table, or one of the same size where removed slots fill it. */
static bool grow(struct shard *shard)
{
    struct slots *old = shard->slots;
    uint64_t old_size = old == NULL ? 0 : old->mask + 1;
    uint64_t size = old == NULL ? FIRST_SIZE : shard->live * 2 >= old_size ? old_size * 2 : old_size;
    struct slots *fresh = memory_map(bytes_of(size));

    if (fresh == NULL)
        return false;
    fresh->mask = size - 1;
    for (uint64_t i = 0; i < old_size; i++) {
        struct slot *free_slot = NULL;

        if (old->at[i].key > REMOVED && find(fresh, old->at[i].key >> 16, &free_slot) == NULL)
            *free_slot = old->at[i];
    }
    __atomic_store_n(&shard->slots, fresh, __ATOMIC_RELEASE);
    shard->used = shard->live;
    if (old != NULL)
        memory_unmap(old, bytes_of(old_size));
    return true;
}

static bool has_room(const struct shard *shard)
{
    return shard->slots != NULL && (shard->used + 1) * 4 <= (shard->slots->mask + 1) * 3;
}

static enum heap_put put_in(struct shard *shard, struct slot from)
{
    struct slot *free_slot;
    struct slot *slot = shard->slots == NULL ? NULL : find(shard->slots, from.key >> 16, &free_slot);

    if (slot != NULL) {
        store_slot(slot, from);
        return HEAP_PUT_REPLACED;
    }
    if (!has_room(shard)) {
        if (!grow(shard))
            return HEAP_PUT_NO_MEMORY;
        find(shard->slots, from.key >> 16, &free_slot);
    }
    shard->used += free_slot->key == 0;
    shard->live++;
    store_slot(free_slot, from);
    return HEAP_PUT_NEW;
}

static enum heap_put put(struct slot from)
{
    struct shard *shard = shard_of(from.key >> 16);
    enum heap_put result;

    if (!lock_acquire(&shard->lock))
        return HEAP_PUT_NO_LOCK;
    result = put_in(shard, from);
    lock_release(&shard->lock);
    return result;
}

enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site)
{
    return put(pack(addr, size, site, __atomic_load_n(&table.generation, __ATOMIC_RELAXED)));
}

enum heap_put heap_table_put_back(const struct heap_block *block)
{
    unsigned generation = block->after_mark ? __atomic_load_n(&table.generation, __ATOMIC_RELAXED) : 0;

    return put(pack(block->addr, block->size, block->site, generation));
}

/* Frees a slot. At the end of a run of used slots it and the removed ones before it become unused again, so that a program
   that allocates and frees for ever does not fill the table with removed slots. */
static void remove_slot(struct shard *shard, struct slot *slot)
{
    struct slots *slots = shard->slots;
    uint64_t i = (uint64_t)(slot - slots->at);

    shard->live--;
    __atomic_store_n(&slot->key, REMOVED, __ATOMIC_RELEASE);
    if (slots->at[(i + 1) & slots->mask].key != 0)
        return;
    for (; slots->at[i & slots->mask].key == REMOVED; i--) {
        __atomic_store_n(&slots->at[i & slots->mask].key, 0, __ATOMIC_RELEASE);
        shard->used--;
    }
}

bool heap_table_take(uintptr_t addr, struct heap_block *ret_block)
{
    struct shard *shard = shard_of(addr);
    struct slot *free_slot;
    struct slot *slot = NULL;

    if (!lock_acquire(&shard->lock))
        return false;
    if (shard->slots != NULL)
        slot = find(shard->slots, addr, &free_slot);
    if (slot != NULL) {
        *ret_block = unpack(*slot);
        remove_slot(shard, slot);
    }
    lock_release(&shard->lock);
    return slot != NULL;
}

/* Runs `work` over every live slot of every shard, each shard under its lock; the longest hold in ns. */
static int64_t for_each_slot(void (*work)(struct slot *slot, void *context), void *context)
{
    int64_t longest = 0;

    for (struct shard *shard = table.shards; shard < table.shards + SHARDS; shard++) {
        int64_t begin;

        if (!lock_acquire(&shard->lock))
            continue;
        begin = sys_monotonic_ns();
        for (uint64_t i = 0; shard->slots != NULL && i <= shard->slots->mask; i++)
            if (shard->slots->at[i].key > REMOVED)
                work(&shard->slots->at[i], context);
        lock_release(&shard->lock);
        begin = sys_monotonic_ns() - begin;
        longest = begin > longest ? begin : longest;
    }
    return longest;
}

static void make_old(struct slot *slot, void *context)
{
    (void)context;
    if ((slot->key & GENERATION_MASK) != table.generation)
        slot->key &= ~GENERATION_MASK;
}

void heap_table_mark(void)
{
    __atomic_store_n(&table.generation, 3 - table.generation, __ATOMIC_RELAXED);
    for_each_slot(make_old, NULL);
}

struct visitor {
    void (*visit)(const struct heap_block *block, void *context);
    void *context;
};

static void visit_slot(struct slot *slot, void *context)
{
    const struct visitor *visitor = context;
    struct heap_block block = unpack(*slot);

    visitor->visit(&block, visitor->context);
}

int64_t heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};

    return for_each_slot(visit_slot, &visitor);
}

void heap_table_after_fork(void)
{
    for (struct shard *shard = table.shards; shard < table.shards + SHARDS; shard++)
        lock_reset(&shard->lock);
}
