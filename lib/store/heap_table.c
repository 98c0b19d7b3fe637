/*
 * The table of live heap blocks. Owns the generation of marks; called by record/ (add, take) and snapshot/ (visit).
 *
 * What is usual is done in heap_table_add() and heap_table_take() without a call: the block's line was never full, and its size
 * is in its word. All else goes on in put_held() and take_held(), once the region is held.
 */
#include "store/heap_table.h"

#include "store/heap_region.h"

static enum heap_tag generation = HEAP_TAG_FIRST;

static enum heap_tag current_generation(void)
{
    return __atomic_load_n(&generation, __ATOMIC_RELAXED);
}

static bool is_long(uint64_t block_word)
{
    return heap_word_size(block_word) == HEAP_SIZE_LONG;
}

/* --- removing ----------------------------------------------------------------------------------------------------- */

/* A search ends where it finds a 0: there may be one only in a line that was never full. */
static void remove_word(uint64_t *slot, __m128i keys)
{
    heap_word_store(slot, heap_line_zero(keys) != 0 ? 0 : HEAP_WORD_FREED);
}

static void remove_from_line(uint64_t *slot)
{
    remove_word(slot, heap_line_keys((uint64_t *)((uintptr_t)slot & ~(HEAP_LINE_WORDS * sizeof(*slot) - 1))));
}

static void remove_size(uint64_t table, uintptr_t addr)
{
    uint64_t *slot = heap_region_seek(table, addr, true);

    if (slot != NULL)
        remove_from_line(slot);
}

/* --- adding ------------------------------------------------------------------------------------------------------- */

static bool was_full(uint64_t table, uintptr_t addr)
{
    return heap_line_zero(heap_line_keys(heap_region_line(table, addr))) == 0;
}

/* Enters the word of a block, or of its size. */
static enum heap_put put_word(struct heap_hold *hold, uintptr_t addr, uint64_t word)
{
    uint64_t *slot = heap_region_place(hold->table, addr, heap_word_tag(word) == HEAP_TAG_LONG);
    bool is_new = slot == NULL || heap_word_tag(heap_word_load(slot)) == HEAP_TAG_NONE;
    bool has_room = slot != NULL && !(is_new && was_full(hold->table, addr) && heap_region_is_crowded(hold, addr));

    if (!has_room && heap_region_rebuild(hold, addr, word))
        return HEAP_PUT_NEW;
    if (slot == NULL)
        return HEAP_PUT_NO_MEMORY;
    heap_word_store(slot, word);
    return is_new ? HEAP_PUT_NEW : HEAP_PUT_REPLACED;
}

/* The size is there before the block, and longer. */
static enum heap_put put_long(struct heap_hold *hold, uintptr_t addr, uint64_t size, uint64_t word)
{
    enum heap_put result = put_word(hold, addr, heap_word_size_of(addr, size));

    if (result == HEAP_PUT_NO_MEMORY)
        return result;
    result = put_word(hold, addr, word);
    if (result == HEAP_PUT_NO_MEMORY)
        remove_size(hold->table, addr);
    return result;
}

static __attribute__((noinline)) enum heap_put put_held(struct heap_hold hold, uintptr_t addr, uint64_t size, uint64_t word)
{
    enum heap_put result = is_long(word) ? put_long(&hold, addr, size, word) : put_word(&hold, addr, word);

    if (result == HEAP_PUT_REPLACED && !is_long(word))
        remove_size(hold.table, addr);
    heap_region_leave(hold);
    return result;
}

static __attribute__((noinline)) enum heap_put put_slowly(uintptr_t addr, uint64_t size, uint64_t word)
{
    uint64_t *entry = heap_region_has(addr) ? heap_region_make(addr) : NULL;
    struct heap_hold hold;

    if (entry == NULL)
        return HEAP_PUT_NO_MEMORY;
    if (!heap_region_enter(&hold, entry))
        return HEAP_PUT_NO_LOCK;
    return put_held(hold, addr, size, word);
}

enum heap_put heap_table_add(uintptr_t addr, uint64_t size, uint32_t site)
{
    uint64_t word = heap_word_block(addr, current_generation(), size, site);
    uint64_t *entry = heap_region_has(addr) ? heap_region_find(addr) : NULL;
    struct heap_hold hold;
    uint64_t *line;
    __m128i keys;
    uint32_t zero;

    if (__builtin_expect(entry == NULL || !heap_region_try(&hold, entry), 0))
        return put_slowly(addr, size, word);
    line = heap_region_line(hold.table, addr);
    keys = heap_line_keys(line);
    zero = heap_line_zero(keys);
    if (__builtin_expect(zero == 0 || heap_line_same(keys, addr) != 0 || is_long(word), 0))
        return put_held(hold, addr, size, word);
    heap_word_store(heap_line_slot(line, zero), word);
    heap_region_leave(hold);
    return HEAP_PUT_NEW;
}

enum heap_put heap_table_put_back(const struct heap_block *block)
{
    enum heap_tag tag = block->after_mark ? current_generation() : HEAP_TAG_OLD;

    return put_slowly(block->addr, block->size, heap_word_block(block->addr, tag, block->size, block->site));
}

/* --- taking ------------------------------------------------------------------------------------------------------- */

static struct heap_block unpack(uintptr_t addr, uint64_t word)
{
    return (struct heap_block){
        .addr = addr,
        .size = heap_word_size(word),
        .site = (uint32_t)word & ((1u << HEAP_SITE_BITS) - 1),
        .after_mark = heap_word_tag(word) == current_generation(),
    };
}

static struct heap_block unpack_any(uint64_t table, uintptr_t addr, uint64_t word)
{
    struct heap_block block = unpack(addr, word);
    const uint64_t *size = is_long(word) ? heap_region_seek(table, addr, true) : NULL;

    if (size != NULL)
        block.size = heap_word_load(size) & HEAP_LONG_MASK;
    return block;
}

static __attribute__((noinline)) bool take_held(struct heap_hold hold, uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *slot = heap_region_seek(hold.table, addr, false);

    if (slot != NULL) {
        uint64_t word = heap_word_load(slot);

        *ret_block = unpack_any(hold.table, addr, word);
        remove_from_line(slot);
        if (is_long(word))
            remove_size(hold.table, addr);
    }
    heap_region_leave(hold);
    return slot != NULL;
}

static __attribute__((noinline)) bool take_slowly(uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *entry = heap_region_has(addr) ? heap_region_find(addr) : NULL;
    struct heap_hold hold;

    if (entry == NULL || __atomic_load_n(entry, __ATOMIC_RELAXED) == 0 || !heap_region_enter(&hold, entry))
        return false;
    return take_held(hold, addr, ret_block);
}

bool heap_table_take(uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *entry = heap_region_has(addr) ? heap_region_find(addr) : NULL;
    struct heap_hold hold;
    uint64_t *line, *slot;
    uint64_t word;
    __m128i keys;
    uint32_t same;

    if (__builtin_expect(entry == NULL || !heap_region_try(&hold, entry), 0))
        return take_slowly(addr, ret_block);
    line = heap_region_line(hold.table, addr);
    keys = heap_line_keys(line);
    same = heap_line_same(keys, addr);
    if (__builtin_expect(same == 0, 0))
        return take_held(hold, addr, ret_block);
    slot = heap_line_slot(line, same);
    word = heap_word_load(slot);
    if (__builtin_expect(!heap_word_is_block(word) || is_long(word), 0))
        return take_held(hold, addr, ret_block);
    *ret_block = unpack(addr, word);
    remove_word(slot, keys);
    heap_region_leave(hold);
    return true;
}

/* A line that was never full ends the search. What was read of a table that is being replaced says nothing. */
bool heap_table_may_have(uintptr_t addr)
{
    const struct heap_leaf *leaf = heap_region_has(addr) ? heap_region_leaf(addr) : NULL;
    size_t i = addr >> HEAP_REGION_BITS & (HEAP_LEAF_REGIONS - 1);
    uint32_t rebuilds;
    uint64_t table;
    __m128i keys;

    if (leaf == NULL)
        return false;
    rebuilds = __atomic_load_n(&leaf->rebuilds[i], __ATOMIC_ACQUIRE);
    table = __atomic_load_n(&leaf->entries[i], __ATOMIC_ACQUIRE);
    if (table == 0)
        return false;
    keys = heap_line_keys(heap_region_line(table, addr));
    if (heap_line_same(keys, addr) != 0 || heap_line_zero(keys) == 0 || (rebuilds & 1) != 0)
        return true;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return rebuilds != __atomic_load_n(&leaf->rebuilds[i], __ATOMIC_RELAXED);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static void make_old(const struct heap_region *region, void *context)
{
    heap_region_make_old(region, *(enum heap_tag *)context);
}

/* New blocks get another generation first, which makes all others old at once; then that is written into their words, so that
   the generation can be used again. It is used again only after four more marks: a thread that has read it and sleeps before
   it stores its block leaves a word that the next mark makes old. */
void heap_table_mark(void)
{
    enum heap_tag tag = generation == HEAP_TAG_LAST ? HEAP_TAG_FIRST : generation + 1;

    __atomic_store_n(&generation, tag, __ATOMIC_RELAXED);
    heap_region_for_each(make_old, &tag);
}

struct visitor {
    void (*visit)(const struct heap_block *block, void *context);
    void *context;
};

static void visit_region(const struct heap_region *region, void *context)
{
    static uint64_t words[HEAP_LINES_MAX * HEAP_LINE_WORDS] __attribute__((aligned(64)));
    const struct visitor *visitor = context;
    uint64_t table = heap_region_copy(region, words);

    for (size_t i = 0; i < heap_region_lines(table) * HEAP_LINE_WORDS; i++)
        if (heap_word_is_block(words[i])) {
            struct heap_block block = unpack_any(table, region->first + heap_word_place(words[i]), words[i]);

            visitor->visit(&block, visitor->context);
        }
}

int64_t heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};

    heap_region_for_each(visit_region, &visitor);
    return 0;
}

bool heap_table_share(void)
{
    return !__atomic_exchange_n(&heap_region_shared, true, __ATOMIC_RELAXED);
}

void heap_table_after_fork(void)
{
    heap_region_after_fork();
}
