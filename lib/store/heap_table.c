/*
 * The table of live heap blocks. Owns the generation of marks; called by record/ (add, take) and snapshot/ (visit).
 *
 * What is usual is done in heap_table_add() and heap_table_take(), in the header: the block is at home, and its size is in its
 * word. All else goes on here, once the region is held.
 */
#include "store/heap_table.h"

/* Forks whose marks are not in the words may follow each other until only one generation is left that no word has. */
#define UNWRITTEN_MAX (HEAP_TAG_LAST - HEAP_TAG_FIRST - 1)

enum heap_tag heap_table_generation = HEAP_TAG_FIRST;
static unsigned unwritten_marks;

static bool is_long(uint64_t block_word)
{
    return heap_word_size(block_word) == HEAP_SIZE_LONG;
}

/* --- removing ----------------------------------------------------------------------------------------------------- */

static void remove_size(uint64_t table, uintptr_t addr)
{
    uint64_t *slot = heap_region_seek(table, addr, true);

    if (slot != NULL)
        heap_word_store(slot, HEAP_WORD_FREED);
}

/* Its home says so only of a block that was there: elsewhere another's word may be next. */
static void remove_block(uint64_t table, uintptr_t addr, uint64_t *slot)
{
    uint64_t *home;

    heap_region_line(table, addr, &home);
    heap_word_store(slot, slot == home ? heap_word_gone(addr) : HEAP_WORD_FREED);
}

/* --- adding ------------------------------------------------------------------------------------------------------- */

static bool was_full(uint64_t table, uintptr_t addr)
{
    uint64_t *home;

    return heap_line_was_full(heap_region_line(table, addr, &home));
}

/* Enters the word of a block, or of its size. */
static enum heap_put put_word(struct heap_hold *hold, uintptr_t addr, uint64_t word)
{
    uint64_t *slot = heap_region_seek(hold->table, addr, heap_word_tag(word) == HEAP_TAG_LONG);
    bool was_there = slot != NULL;

    if (!was_there) {
        slot = heap_region_room(hold->table, addr);
        if ((slot == NULL || (was_full(hold->table, addr) && heap_region_is_crowded(hold, addr))) &&
            heap_region_rebuild(hold, addr, word))
            return HEAP_PUT_NEW;
    }
    if (slot == NULL)
        return HEAP_PUT_NO_MEMORY;
    heap_word_store(slot, word);
    return was_there ? HEAP_PUT_REPLACED : HEAP_PUT_NEW;
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

/* Where a block that is not known may go at once: its line was never full, so it is in no other. NULL: it is known, or not so
 * simple. */
static inline uint64_t *room_in_line(uint64_t table, uintptr_t addr)
{
    uint64_t *home;
    uint64_t *line = heap_region_line(table, addr, &home);
    __m128i keys = heap_line_keys(line);

    if (heap_line_was_full(line) || heap_line_same(keys, addr) != 0)
        return NULL;
    return heap_word_tag(heap_word_load(home)) == HEAP_TAG_NONE ? home : heap_line_slot(line, heap_line_free(keys));
}

static __attribute__((noinline)) enum heap_put put_anywhere(struct heap_hold hold, uintptr_t addr, uint64_t size, uint64_t word)
{
    enum heap_put result = is_long(word) ? put_long(&hold, addr, size, word) : put_word(&hold, addr, word);

    if (result == HEAP_PUT_REPLACED && !is_long(word))
        remove_size(hold.table, addr);
    heap_region_leave(hold);
    return result;
}

enum heap_put heap_table_put_held(struct heap_hold hold, uintptr_t addr, uint64_t size, uint64_t word)
{
    uint64_t *slot = is_long(word) ? NULL : room_in_line(hold.table, addr);

    if (slot == NULL)
        return put_anywhere(hold, addr, size, word);
    heap_word_store(slot, word);
    heap_region_leave(hold);
    return HEAP_PUT_NEW;
}

enum heap_put heap_table_put_slowly(uintptr_t addr, uint64_t size, uint64_t word)
{
    uint64_t *entry = heap_region_make(addr);
    struct heap_hold hold;

    if (entry == NULL)
        return HEAP_PUT_NO_MEMORY;
    if (!heap_region_enter(&hold, entry))
        return HEAP_PUT_NO_LOCK;
    return heap_table_put_held(hold, addr, size, word);
}

enum heap_put heap_table_put_back(const struct heap_block *block)
{
    enum heap_tag tag = block->after_mark ? heap_table_current_generation() : HEAP_TAG_OLD;

    return heap_table_put_slowly(block->addr, block->size, heap_word_block(block->addr, tag, block->size, block->site));
}

/* --- taking ------------------------------------------------------------------------------------------------------- */

static struct heap_block unpack_any(uint64_t table, uintptr_t addr, uint64_t word)
{
    struct heap_block block = heap_table_unpack(addr, word);
    const uint64_t *size = is_long(word) ? heap_region_seek(table, addr, true) : NULL;

    if (size != NULL)
        block.size = heap_word_load(size) & HEAP_LONG_MASK;
    return block;
}

static __attribute__((noinline)) bool take_anywhere(struct heap_hold hold, uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *slot = heap_region_seek(hold.table, addr, false);

    if (slot != NULL) {
        uint64_t word = heap_word_load(slot);

        if (ret_block != NULL)
            *ret_block = unpack_any(hold.table, addr, word);
        remove_block(hold.table, addr, slot);
        if (is_long(word))
            remove_size(hold.table, addr);
    }
    heap_region_leave(hold);
    return slot != NULL;
}

bool heap_table_take_held(struct heap_hold hold, uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *home;
    uint64_t *line = heap_region_line(hold.table, addr, &home);
    uint32_t same = heap_line_same(heap_line_keys(line), addr);
    uint64_t *slot = same == 0 ? home : heap_line_slot(line, same);
    uint64_t word = heap_word_load(slot);

    if (slot == home || !heap_word_is_block_at(word, addr) || is_long(word))
        return take_anywhere(hold, addr, ret_block);
    if (ret_block != NULL)
        *ret_block = heap_table_unpack(addr, word);
    heap_word_store(slot, HEAP_WORD_FREED);
    heap_region_leave(hold);
    return true;
}

bool heap_table_take_slowly(uintptr_t addr, struct heap_block *ret_block)
{
    uint64_t *entry = heap_region_find(addr);
    struct heap_hold hold;

    if (entry == NULL || __atomic_load_n(entry, __ATOMIC_RELAXED) == 0 || !heap_region_enter(&hold, entry))
        return false;
    return heap_table_take_held(hold, addr, ret_block);
}

/* Its home may say that it is gone, or a line that was never full that it is not there. What was read of a table that is being replaced says nothing. */
bool heap_table_may_have(uintptr_t addr)
{
    uint64_t *entry = heap_region_find(addr);
    const uint32_t *count;
    uint32_t rebuilds;
    uint64_t table, word;
    uint64_t *line, *home;

    if (entry == NULL)
        return false;
    count = &heap_region_leaf(addr)->rebuilds[heap_region_index_in_leaf(addr)];
    rebuilds = __atomic_load_n(count, __ATOMIC_ACQUIRE);
    table = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
    if (table == 0)
        return false;
    line = heap_region_line(table, addr, &home);
    word = heap_word_load(home);
    if (word != 0 && word != heap_word_gone(addr) && (heap_line_same(heap_line_keys(line), addr) != 0 || heap_line_was_full(line)))
        return true;
    if ((rebuilds & 1) != 0)
        return true;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return rebuilds != __atomic_load_n(count, __ATOMIC_RELAXED);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static void make_old(const struct heap_region *region, void *context)
{
    heap_region_make_old(region, *(enum heap_tag *)context);
}

static enum heap_tag next_generation(void)
{
    enum heap_tag tag = heap_table_generation == HEAP_TAG_LAST ? HEAP_TAG_FIRST : heap_table_generation + 1;

    __atomic_store_n(&heap_table_generation, tag, __ATOMIC_RELAXED);
    return tag;
}

/* New blocks get another generation first, which makes all others old at once; then that is written into their words, so that
   the generation can be used again. It is used again only after four more marks: a thread that has read it and sleeps before
   it stores its block leaves a word that the next mark makes old. */
void heap_table_mark(void)
{
    enum heap_tag tag = next_generation();

    unwritten_marks++; /* for a child forked meanwhile */
    heap_region_for_each(make_old, &tag);
    unwritten_marks = 0;
}

struct visitor {
    void (*visit)(const struct heap_block *block, void *context);
    void *context;
};

static void visit_region(const struct heap_region *region, void *context)
{
    static uint64_t words[HEAP_LINES_MAX * HEAP_LINE_WORDS] __attribute__((aligned(64)));
    const struct visitor *visitor = context;
    uint64_t copy = heap_region_copy(region, words);

    for (size_t i = 0; i < heap_region_lines(copy) * HEAP_LINE_WORDS; i++)
        if (heap_word_is_block(words[i])) {
            struct heap_block block = heap_table_unpack(region->first + heap_word_place(words[i]), words[i]);

            if (!is_long(words[i]) || heap_region_copied_size(copy, heap_word_place(words[i]), &block.size))
                visitor->visit(&block, visitor->context);
        }
}

void heap_table_visit(void (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};

    heap_region_for_each(visit_region, &visitor);
}

bool heap_table_share(void)
{
    return !__atomic_exchange_n(&heap_region_shared, true, __ATOMIC_RELAXED);
}

/* To write the mark into all words would take longer than the fork, and copy their pages. */
void heap_table_after_fork(void)
{
    heap_region_after_fork();
    if (unwritten_marks >= UNWRITTEN_MAX) {
        heap_table_mark();
        return;
    }
    next_generation();
    unwritten_marks++;
}
