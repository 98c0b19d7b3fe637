/* The regions' tables. Owns the directory, whose leaves are made under its lock and stay; called by store/heap_table. */
#include "store/heap_region.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"
#include "store/heap_pool.h"

#define PAUSES 64
#define YIELDS 64
#define SLEEP_NS 1000000

#define SMALL_BYTES (1ul << 20)
#define PAGE_ENTRIES 512u
#define ONE_BIT_EACH 0x5555u /* of a set of words */

struct heap_leaf *heap_region_directory[HEAP_LEAVES];
bool heap_region_shared;

static struct {
    struct lock lock;
    struct heap_leaf *first;
} leaves = {.lock = LOCK_INIT(LOCK_RANK_HEAP)};

/* --- the directory ------------------------------------------------------------------------------------------------ */

/* First in the list and then in the directory: a leaf that has blocks is in both, also in a process forked in between. */
static void make_leaf(uintptr_t addr)
{
    struct heap_leaf *leaf;

    if (!lock_acquire(&leaves.lock))
        return;
    leaf = heap_region_leaf(addr) != NULL ? NULL : memory_map(sizeof(*leaf));
    if (leaf != NULL) {
        leaf->first = addr >> (HEAP_REGION_BITS + HEAP_LEAF_BITS) << (HEAP_REGION_BITS + HEAP_LEAF_BITS);
        leaf->next = leaves.first;
        __atomic_store_n(&leaves.first, leaf, __ATOMIC_RELEASE);
        __atomic_store_n(&heap_region_directory[addr >> (HEAP_REGION_BITS + HEAP_LEAF_BITS)], leaf, __ATOMIC_RELEASE);
    }
    lock_release(&leaves.lock);
}

static uint64_t take_table(uint32_t lines)
{
    uint64_t *words = heap_pool_take(lines);

    return words == NULL ? 0 : (uint64_t)lines << HEAP_LINES_SHIFT | (uint64_t)words;
}

static void give_table(uint64_t table)
{
    heap_pool_give(heap_region_words(table), heap_region_lines(table));
}

/* Programs fill their memory upwards, so a region will be much like the one below; half of that is no waste if it is not. */
static void make_table(struct heap_leaf *leaf, size_t i)
{
    uint64_t below = i == 0 ? 0 : __atomic_load_n(&leaf->entries[i - 1], __ATOMIC_RELAXED);
    uint64_t table = take_table(heap_region_lines(below) / 2 + 1);
    uint64_t expected = 0;

    if (table == 0)
        return;
    /* The bit first: a table that is not looked at must have no word. */
    __atomic_fetch_or(&leaf->used_pages, 1u << i / PAGE_ENTRIES, __ATOMIC_RELEASE);
    if (!__atomic_compare_exchange_n(&leaf->entries[i], &expected, table, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        give_table(table);
}

uint64_t *heap_region_make(uintptr_t addr)
{
    uint64_t *entry;

    if (!heap_region_has(addr))
        return NULL;
    if (heap_region_leaf(addr) == NULL)
        make_leaf(addr);
    entry = heap_region_find(addr);
    if (entry == NULL)
        return NULL;
    if (__atomic_load_n(entry, __ATOMIC_RELAXED) == 0)
        make_table(heap_region_leaf(addr), heap_region_index_in_leaf(addr));
    return __atomic_load_n(entry, __ATOMIC_RELAXED) == 0 ? NULL : entry;
}

static void for_each_in(struct heap_leaf *leaf, void (*work)(const struct heap_region *region, void *context), void *context)
{
    uint32_t used_pages = __atomic_load_n(&leaf->used_pages, __ATOMIC_ACQUIRE);

    for (size_t i = 0; i < HEAP_LEAF_REGIONS; i++) {
        struct heap_region region = {&leaf->entries[i], &leaf->rebuilds[i], leaf->first + (i << HEAP_REGION_BITS)};

        if ((used_pages >> i / PAGE_ENTRIES & 1) == 0)
            i += PAGE_ENTRIES - 1;
        else if (__atomic_load_n(region.entry, __ATOMIC_RELAXED) != 0)
            work(&region, context);
    }
}

void heap_region_for_each(void (*work)(const struct heap_region *region, void *context), void *context)
{
    for (struct heap_leaf *leaf = __atomic_load_n(&leaves.first, __ATOMIC_ACQUIRE); leaf != NULL; leaf = leaf->next)
        for_each_in(leaf, work, context);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

struct waiting {
    unsigned times;
    int64_t deadline;
};

/* False when it has been too long. Who is waited for may have a lower priority, so in the end we sleep. */
static bool wait_a_little(struct waiting *waiting)
{
    int64_t now;

    if (waiting->times++ < PAUSES) {
        __builtin_ia32_pause();
        return true;
    }
    now = sys_monotonic_ns();
    if (waiting->deadline == 0)
        waiting->deadline = now + LOCK_WAIT_MS * 1000000ll;
    if (waiting->times < PAUSES + YIELDS)
        sys_yield();
    else
        sys_sleep_ns(SLEEP_NS);
    return now < waiting->deadline;
}

bool heap_region_enter(struct heap_hold *hold, uint64_t *entry)
{
    uint64_t seen = __atomic_load_n(entry, __ATOMIC_RELAXED);
    struct waiting waiting = {0};

    do {
        if (heap_region_try(hold, entry))
            return true;
    } while ((seen & HEAP_GIVEN_UP) == 0 && wait_a_little(&waiting));
    seen = __atomic_load_n(entry, __ATOMIC_RELAXED);
    if ((seen & HEAP_LOCKED) != 0)
        __atomic_compare_exchange_n(entry, &seen, seen | HEAP_GIVEN_UP, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return false;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static uint64_t *pick(uint64_t *line, uint32_t same, bool is_size)
{
    for (same &= ONE_BIT_EACH; same != 0; same &= same - 1) {
        uint64_t *slot = heap_line_slot(line, same);
        enum heap_tag tag = heap_word_tag(heap_word_load(slot));

        if (tag != HEAP_TAG_NONE && (tag == HEAP_TAG_LONG) == is_size)
            return slot;
    }
    return NULL;
}

uint64_t *heap_region_seek(uint64_t table, uintptr_t addr, bool is_size)
{
    uint64_t *home;
    uint64_t *line = heap_region_line(table, addr, &home);

    for (unsigned n = 0; n < HEAP_SEARCH_LINES; n++, line = heap_region_next_line(table, line)) {
        uint64_t *slot = pick(line, heap_line_same(heap_line_keys(line), addr), is_size);

        if (slot != NULL || !heap_line_was_full(line))
            return slot;
    }
    return NULL;
}

uint64_t *heap_region_room(uint64_t table, uintptr_t addr)
{
    uint64_t *home;
    uint64_t *line = heap_region_line(table, addr, &home);

    if (heap_word_tag(heap_word_load(home)) == HEAP_TAG_NONE)
        return home;
    for (unsigned n = 0; n < HEAP_SEARCH_LINES; n++, line = heap_region_next_line(table, line)) {
        uint32_t free_words = heap_line_free(heap_line_keys(line));

        if (free_words != 0)
            return heap_line_slot(line, free_words);
    }
    return NULL;
}

/* --- replacing a table -------------------------------------------------------------------------------------------- */

/* Of a table that has not this word. */
static bool enter_word(uint64_t table, uint64_t word)
{
    uint64_t *room = heap_region_room(table, heap_word_place(word));

    if (room != NULL)
        heap_word_store(room, word);
    return room != NULL;
}

static bool enter_line(uint64_t table, uint64_t *line)
{
    for (uint32_t used = ~heap_line_free(heap_line_keys(line)) & ONE_BIT_EACH; used != 0; used &= used - 1)
        if (!enter_word(table, heap_word_load(heap_line_slot(line, used))))
            return false;
    return true;
}

static bool enter_all(uint64_t table, uint64_t from)
{
    for (uint32_t i = 0; i < heap_region_lines(from); i++)
        if (!enter_line(table, heap_region_words(from) + i * HEAP_LINE_WORDS))
            return false;
    return true;
}

static uint32_t count_used(uint64_t table)
{
    uint16_t free_words[HEAP_LINE_WORDS] __attribute__((aligned(16)));
    __m128i sums = _mm_setzero_si128();
    uint32_t used = heap_region_lines(table) * HEAP_LINE_WORDS;

    for (uint32_t i = 0; i < heap_region_lines(table); i++)
        sums = _mm_sub_epi16(sums, heap_line_free_lanes(heap_line_keys(heap_region_words(table) + i * HEAP_LINE_WORDS)));
    _mm_store_si128((__m128i *)free_words, sums);
    for (unsigned i = 0; i < HEAP_LINE_WORDS; i++)
        used -= free_words[i];
    return used;
}

/* The fewer words there are in a line, the fewer lines are full, and the faster all is. While there are few blocks in all,
   their memory does not matter; with five words a block costs less than 16 bytes. */
static uint32_t words_per_line(void)
{
    uint64_t bytes = heap_pool_bytes();

    return bytes < SMALL_BYTES ? 3 : bytes < 8 * SMALL_BYTES ? 4 : 5;
}

static uint64_t rebuilt(uint64_t old, uint64_t word)
{
    uint32_t wanted = count_used(old) / words_per_line() + 1;

    for (uint32_t lines = wanted;; lines += lines / 4 + 1) {
        uint64_t table = take_table(lines < HEAP_LINES_MAX ? lines : HEAP_LINES_MAX);

        if (table == 0 || (enter_all(table, old) && enter_word(table, word)))
            return table;
        give_table(table);
        if (lines >= HEAP_LINES_MAX)
            return 0;
    }
}

/* The count is odd before the first word is copied, and even when the new table is in the entry. Only then the old one is given
   back. So who reads the same count before and after has seen one table and no other's words; and if the count was even, no
   word was copied meanwhile. */
bool heap_region_rebuild(struct heap_hold *hold, uintptr_t addr, uint64_t word)
{
    struct heap_leaf *leaf = heap_region_leaf(addr);
    uint32_t *rebuilds = &leaf->rebuilds[heap_region_index_in_leaf(addr)];
    uint32_t under_way = __atomic_load_n(rebuilds, __ATOMIC_RELAXED) | 1;
    uint64_t locked = hold->table & HEAP_LOCKED;
    uint64_t old = hold->table & ~HEAP_LOCKED;
    uint64_t table;

    __atomic_exchange_n(rebuilds, under_way, __ATOMIC_SEQ_CST);
    table = rebuilt(old, word);
    if (table != 0)
        __atomic_store_n(hold->entry, table | locked, __ATOMIC_RELEASE);
    __atomic_store_n(rebuilds, under_way + 1, __ATOMIC_RELEASE);
    leaf->strays[heap_region_index_in_leaf(addr)] = 0; /* also without memory: not again at the very next word */
    if (table == 0)
        return false;
    hold->table = table | locked;
    give_table(old);
    return true;
}

/* A stray costs about a hundred instructions more than another word; a rebuild, some two hundred for each line. */
bool heap_region_is_crowded(const struct heap_hold *hold, uintptr_t addr)
{
    return ++heap_region_leaf(addr)->strays[heap_region_index_in_leaf(addr)] > heap_region_lines(hold->table) * 2 + 4;
}

/* --- looking at a region, without its lock ------------------------------------------------------------------------ */

static uint64_t table_of(const struct heap_region *region)
{
    return __atomic_load_n(region->entry, __ATOMIC_ACQUIRE) & ~HEAP_LOCKED;
}

/* Of copied words, which lie where they lay: but a line may have become full after it was copied, so nothing is sought by lines. */
static uint64_t *copied_size(uint64_t copy, uintptr_t place)
{
    uint64_t *words = heap_region_words(copy);

    for (size_t i = 0; i < heap_region_lines(copy) * HEAP_LINE_WORDS; i++)
        if (heap_word_tag(words[i]) == HEAP_TAG_LONG && heap_word_place(words[i]) == place)
            return &words[i];
    return NULL;
}

/* A block's two words are copied one after the other: here its size is read once more, and whether it was still the block's. */
static void settle_long(uint64_t table, size_t i, uint64_t copy)
{
    uint64_t *words = heap_region_words(table);
    uint64_t *copied = heap_region_words(copy);
    uintptr_t place = heap_word_place(copied[i]);
    uint64_t *slot = heap_region_seek(table, place, true);
    uint64_t size = slot == NULL ? 0 : heap_word_load(slot);
    uint64_t *stale;

    while ((stale = copied_size(copy, place)) != NULL)
        *stale = HEAP_WORD_FREED;
    if (slot != NULL && heap_word_load(&words[i]) == copied[i])
        copied[slot - words] = size;
    else
        copied[i] = HEAP_WORD_FREED;
}

bool heap_region_copied_size(uint64_t copy, uintptr_t place, uint64_t *ret_size)
{
    const uint64_t *word = copied_size(copy, place);

    if (word == NULL)
        return false;
    *ret_size = *word & HEAP_LONG_MASK;
    return true;
}

static void copy_words(uint64_t table, uint64_t copy)
{
    const uint64_t *words = heap_region_words(table);
    uint64_t *copied = heap_region_words(copy);
    size_t n = heap_region_lines(table) * HEAP_LINE_WORDS;

    for (size_t i = 0; i < n; i++)
        copied[i] = heap_word_load(&words[i]);
    for (size_t i = 0; i < n; i++)
        if (heap_word_is_block(copied[i]) && heap_word_size(copied[i]) == HEAP_SIZE_LONG)
            settle_long(table, i, copy);
}

uint64_t heap_region_copy(const struct heap_region *region, uint64_t *ret_words)
{
    uint64_t table, copy;
    uint32_t rebuilds;

    do {
        rebuilds = __atomic_load_n(region->rebuilds, __ATOMIC_ACQUIRE);
        table = table_of(region);
        copy = (table & ~HEAP_TABLE_MASK) | (uint64_t)ret_words;
        copy_words(table, copy);
    } while (__atomic_load_n(region->rebuilds, __ATOMIC_ACQUIRE) != rebuilds);
    return copy;
}

static void make_words_old(uint64_t table, enum heap_tag tag)
{
    uint64_t *words = heap_region_words(table);

    for (size_t i = 0; i < heap_region_lines(table) * HEAP_LINE_WORDS; i++) {
        uint64_t word = heap_word_load(&words[i]);

        if (heap_word_is_block(word) && heap_word_tag(word) != tag && heap_word_tag(word) != HEAP_TAG_OLD)
            __atomic_compare_exchange_n(&words[i], &word, heap_word_old(word), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    }
}

/* Either a rebuild copies a word after it was made old here, or its odd count is seen here and all is done once more. If the
   table is another region's by now, words become old there that will become so anyway. */
void heap_region_make_old(const struct heap_region *region, enum heap_tag tag)
{
    struct waiting waiting = {0};
    uint32_t rebuilds;

    do {
        rebuilds = __atomic_load_n(region->rebuilds, __ATOMIC_SEQ_CST);
        make_words_old(table_of(region), tag);
    } while (((rebuilds & 1) != 0 || __atomic_load_n(region->rebuilds, __ATOMIC_SEQ_CST) != rebuilds) &&
             wait_a_little(&waiting));
}

static void make_free(const struct heap_region *region, void *context)
{
    (void)context;
    *region->entry &= ~(HEAP_LOCKED | HEAP_GIVEN_UP);
    *region->rebuilds += *region->rebuilds & 1;
}

void heap_region_after_fork(void)
{
    lock_reset(&leaves.lock);
    heap_pool_after_fork();
    heap_region_for_each(make_free, NULL);
}
