/*
 * Where the live heap blocks are kept: one word for each, in a small table for each region of 64 KiB of the address space.
 *
 * A directory of two levels finds the region's entry: one word that says where its table is and how large, and whether a thread
 * is at work on it. A table is lines of eight words. A block's word is at home, where its address hashes to; when that word is
 * taken, elsewhere in the same line, the last word when all others are taken; and when the line is full, in one of the next.
 * Every change is one store of eight bytes, so a reader needs no lock, and a copy of the memory at any instant (fork) is valid.
 * Tables are replaced as a whole when they are crowded; their memory is used again, never unmapped.
 *
 * A word:
 *   63..51 the block's place in the region, in units of 8 bytes     50..48 tag (enum heap_tag)     47..26 size     25..0 site
 *   A size that does not fit is HEAP_SIZE_LONG here, and in bits 47..0 of a second word of the same place, tag HEAP_TAG_LONG.
 *   A word with the tag HEAP_TAG_NONE is free: 0 if it was never used, else heap_word_gone() of the block that was at home
 *   there, else HEAP_WORD_FREED.
 *
 * What a search may rely on: no word becomes 0 again, so words stray only behind lines whose last word is not 0. And a block is
 * put at home when that is free, so while its home is 0, or says that this very block is gone, it is nowhere.
 */
#ifndef LEAKTRACE_STORE_HEAP_REGION_H
#define LEAKTRACE_STORE_HEAP_REGION_H

#include <emmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_tag {
    HEAP_TAG_NONE,  /* free */
    HEAP_TAG_OLD,   /* a block from before the mark */
    HEAP_TAG_FIRST, /* from here to HEAP_TAG_LAST: a block from after a mark, the marks by turns */
    HEAP_TAG_LAST = 6,
    HEAP_TAG_LONG, /* the size of a block */
    HEAP_TAG_MAX
};

#define HEAP_ADDR_BITS 47 /* what the kernel gives to programs */
#define HEAP_REGION_BITS 16
#define HEAP_LEAF_BITS 13 /* a leaf of the directory is for 512 MiB of addresses */
#define HEAP_LEAF_REGIONS (1u << HEAP_LEAF_BITS)
#define HEAP_LEAVES (1u << (HEAP_ADDR_BITS - HEAP_REGION_BITS - HEAP_LEAF_BITS))

#define HEAP_LINE_WORDS 8u
#define HEAP_LINES_MAX 2048u
#define HEAP_SEARCH_LINES 8u /* a word is in one of so many lines, or not there */

#define HEAP_SITE_BITS 26
#define HEAP_SIZE_LONG ((1ul << 22) - 1)
#define HEAP_LONG_MASK ((1ul << 48) - 1)
#define HEAP_WORD_GONE 1ul
#define HEAP_WORD_FREED 2ul

/* Of an entry: lines of the table << 52 | its address | HEAP_LOCKED. 0: the region was never used. */
#define HEAP_LINES_SHIFT 52
#define HEAP_TABLE_MASK (((1ul << HEAP_ADDR_BITS) - 1) & ~63ul)
#define HEAP_LOCKED 1ul
#define HEAP_GIVEN_UP 2ul /* beside it: it was waited for in vain */

/* Multiplied with the lower half of an address, it gives a hash. Chosen, among millions, so that blocks at any one distance, be
   it in all of a region or in a part, spread more evenly than at random; most factors, and the golden ratio, crowd them at
   some. */
#define HEAP_HASH 0x5ff6f2afu

struct heap_leaf {
    uint64_t entries[HEAP_LEAF_REGIONS];
    uint32_t rebuilds[HEAP_LEAF_REGIONS]; /* of each region's table, times two; odd while one is under way */
    uint32_t strays[HEAP_LEAF_REGIONS];   /* words that came to a line that had been full, since the last rebuild */
    uint32_t used_pages;                  /* of `entries`, a bit for each: only these are looked at */
    uintptr_t first;                      /* address */
    struct heap_leaf *next;
};

/* The right to change one region's words. Handed on in two registers. */
struct heap_hold {
    uint64_t *entry;
    uint64_t table; /* what the entry is to be in the end; with HEAP_LOCKED if there is a lock to be released */
};

/* One region, for those that look at all of them. */
struct heap_region {
    uint64_t *entry;
    uint32_t *rebuilds;
    uintptr_t first; /* address */
};

extern __attribute__((visibility("hidden"))) struct heap_leaf *heap_region_directory[HEAP_LEAVES];
/* Whether more than one thread may record. */
extern __attribute__((visibility("hidden"))) bool heap_region_shared;

/* The entry of the region, with a table; NULL when there is no memory. */
uint64_t *heap_region_make(uintptr_t addr);
/* Takes hold of the entry's region; false after LOCK_WAIT_MS, and then at once until who holds it lets it go. */
bool heap_region_enter(struct heap_hold *hold, uint64_t *entry);
/* Replaces the held region's table by one that has room, with `word` in it; false, and nothing has changed, when there is no
   memory. */
bool heap_region_rebuild(struct heap_hold *hold, uintptr_t addr, uint64_t word);

/* The slot of the block's word or, if `is_size`, of its size's; NULL when there is none. */
uint64_t *heap_region_seek(uint64_t table, uintptr_t addr, bool is_size);
/* A free slot for a word of this address, its home if that is free; NULL when there is no room. */
uint64_t *heap_region_room(uint64_t table, uintptr_t addr);
/* Called for each word that comes to a line that was full before: whether this is so often that the table should be rebuilt. */
bool heap_region_is_crowded(const struct heap_hold *hold, uintptr_t addr);

/* Calls `work` for every region that has a table. Takes no lock. */
void heap_region_for_each(void (*work)(const struct heap_region *region, void *context), void *context);
/* Copies the words of the region's table, as they stood between two rebuilds, to `ret_words`, which has room for the largest
   and is aligned to a line. Returns the copy as a table, which is for looking through only. Takes no lock. */
uint64_t heap_region_copy(const struct heap_region *region, uint64_t *ret_words);
/* The size of a block of such a copy whose word does not hold it; false: the block was removed meanwhile. */
bool heap_region_copied_size(uint64_t copy, uintptr_t place, uint64_t *ret_size);
/* Makes every block of the region old whose tag is not `tag`. Takes no lock. */
void heap_region_make_old(const struct heap_region *region, enum heap_tag tag);
/* In the child of fork: nobody else holds a region. */
void heap_region_after_fork(void);

/* --- words -------------------------------------------------------------------------------------------------------- */

/* Loads and stores are ordered, so that who sees a word of a table in its next use sees also that it was replaced. */
static inline uint64_t heap_word_load(const uint64_t *slot)
{
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void heap_word_store(uint64_t *slot, uint64_t word)
{
    __atomic_store_n(slot, word, __ATOMIC_RELEASE);
}

static inline uint64_t heap_word_block(uintptr_t addr, enum heap_tag tag, uint64_t size, uint32_t site)
{
    uint64_t short_size = size < HEAP_SIZE_LONG ? size : HEAP_SIZE_LONG;

    return addr << 48 | (uint64_t)tag << 48 | short_size << HEAP_SITE_BITS | site;
}

static inline uint64_t heap_word_size_of(uintptr_t addr, uint64_t size)
{
    return addr << 48 | (uint64_t)HEAP_TAG_LONG << 48 | size;
}

/* What a block leaves at its home. */
static inline uint64_t heap_word_gone(uintptr_t addr)
{
    return addr << 48 | HEAP_WORD_GONE;
}

static inline uint64_t heap_word_old(uint64_t word)
{
    return (word & ~(7ul << 48)) | (uint64_t)HEAP_TAG_OLD << 48;
}

/* The address, as far as it is in a word. */
static inline uintptr_t heap_word_place(uint64_t word)
{
    return word >> 48 & 0xfff8;
}

static inline enum heap_tag heap_word_tag(uint64_t word)
{
    return (enum heap_tag)(word >> 48 & 7);
}

static inline bool heap_word_is_block(uint64_t word)
{
    return heap_word_tag(word) - 1u < HEAP_TAG_LAST;
}

/* The same of the block at this address. */
static inline bool heap_word_is_block_at(uint64_t word, uintptr_t addr)
{
    return ((word ^ addr << 48) >> 48) - 1 < HEAP_TAG_LAST;
}

/* The size in a block's word. */
static inline uint64_t heap_word_size(uint64_t word)
{
    return word >> HEAP_SITE_BITS & HEAP_SIZE_LONG;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* The upper 16 bits of each word, in order. Other threads may change words meanwhile, each by one store, and the processor
   loads each at once; a sanitizer of C knows of no such load. */
__attribute__((no_sanitize("thread"))) static inline __m128i heap_line_keys(const uint64_t *line)
{
    const volatile __m128i *pairs = (const volatile __m128i *)line;
    __m128 low = _mm_shuffle_ps(_mm_castsi128_ps(pairs[0]), _mm_castsi128_ps(pairs[1]), _MM_SHUFFLE(3, 1, 3, 1));
    __m128 high = _mm_shuffle_ps(_mm_castsi128_ps(pairs[2]), _mm_castsi128_ps(pairs[3]), _MM_SHUFFLE(3, 1, 3, 1));

    return _mm_packs_epi32(_mm_srai_epi32(_mm_castps_si128(low), 16), _mm_srai_epi32(_mm_castps_si128(high), 16));
}

__attribute__((no_sanitize("thread"))) static inline void heap_line_clear(uint64_t *line)
{
    volatile __m128i *pairs = (volatile __m128i *)line;

    for (unsigned i = 0; i < HEAP_LINE_WORDS / 2; i++)
        pairs[i] = _mm_setzero_si128();
}

/* All ones for each free word. */
static inline __m128i heap_line_free_lanes(__m128i keys)
{
    return _mm_cmpeq_epi16(_mm_and_si128(_mm_set1_epi16(7), keys), _mm_setzero_si128());
}

/* Sets of words, two bits for each: the free ones; those with the address's place, whatever their tag. */
static inline uint32_t heap_line_free(__m128i keys)
{
    return (uint32_t)_mm_movemask_epi8(heap_line_free_lanes(keys));
}

static inline uint32_t heap_line_same(__m128i keys, uintptr_t addr)
{
    __m128i places = _mm_andnot_si128(_mm_set1_epi16(7), keys);

    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(places, _mm_set1_epi16((short)addr)));
}

static inline bool heap_line_was_full(const uint64_t *line)
{
    return heap_word_load(&line[HEAP_LINE_WORDS - 1]) != 0;
}

/* The first of a set that is not empty. */
static inline uint64_t *heap_line_slot(uint64_t *line, uint32_t set)
{
    return (uint64_t *)((char *)line + sizeof(*line) / 2 * (unsigned)__builtin_ctz(set));
}

/* --- regions ------------------------------------------------------------------------------------------------------ */

/* Whether an allocator may give this address. */
static inline bool heap_region_has(uintptr_t addr)
{
    return (addr & (7ul | ~((1ul << HEAP_ADDR_BITS) - 1))) == 0;
}

static inline struct heap_leaf *heap_region_leaf(uintptr_t addr)
{
    return __atomic_load_n(&heap_region_directory[addr >> (HEAP_REGION_BITS + HEAP_LEAF_BITS)], __ATOMIC_ACQUIRE);
}

static inline size_t heap_region_index_in_leaf(uintptr_t addr)
{
    return addr >> HEAP_REGION_BITS & (HEAP_LEAF_REGIONS - 1);
}

/* The region's entry in the directory, or NULL; of any address. */
static inline uint64_t *heap_region_find(uintptr_t addr)
{
    struct heap_leaf *leaf = __builtin_expect(heap_region_has(addr), 1) ? heap_region_leaf(addr) : NULL;

    return __builtin_expect(leaf == NULL, 0) ? NULL : &leaf->entries[heap_region_index_in_leaf(addr)];
}

static inline uint32_t heap_region_lines(uint64_t table)
{
    return (uint32_t)(table >> HEAP_LINES_SHIFT);
}

static inline uint64_t *heap_region_words(uint64_t table)
{
    return (uint64_t *)(table & HEAP_TABLE_MASK);
}

/* The line where the search for an address begins, and in it the word where the block is at home: any but the last. */
static inline uint64_t *heap_region_line(uint64_t table, uintptr_t addr, uint64_t **ret_home)
{
    uint32_t hash = (uint16_t)addr * HEAP_HASH;
    uint64_t at = hash * (uint64_t)heap_region_lines(table);
    uint64_t *line = heap_region_words(table) + (at >> 32) * HEAP_LINE_WORDS;

    *ret_home = line + ((uint32_t)at * (uint64_t)(HEAP_LINE_WORDS - 1) >> 32);
    return line;
}

static inline uint64_t *heap_region_next_line(uint64_t table, uint64_t *line)
{
    size_t words = heap_region_lines(table) * HEAP_LINE_WORDS;

    line += HEAP_LINE_WORDS;
    return line < heap_region_words(table) + words ? line : line - words;
}

/* Takes hold of the entry's region, if that was ever used and needs no waiting. */
static inline bool heap_region_try(struct heap_hold *hold, uint64_t *entry)
{
    uint64_t table = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

    *hold = (struct heap_hold){.entry = entry, .table = table};
    if (__builtin_expect(!__atomic_load_n(&heap_region_shared, __ATOMIC_RELAXED), 1))
        return table != 0;
    hold->table |= HEAP_LOCKED;
    return table != 0 && (table & HEAP_LOCKED) == 0 &&
           __atomic_compare_exchange_n(entry, &table, table | HEAP_LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void heap_region_leave(struct heap_hold hold)
{
    if ((hold.table & HEAP_LOCKED) != 0)
        __atomic_store_n(hold.entry, hold.table & ~HEAP_LOCKED, __ATOMIC_RELEASE);
}

#endif
