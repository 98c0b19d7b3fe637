/*
 * The allocator's memory. Owns nothing; called by reach/roots.
 *
 * Live blocks are looked at when they are reached. Between them lie freed ones, with what they held when they were live.
 */
#include "reach/not_roots.h"

#include "reach/chunk.h"
#include "reach/roots.h"

#define PAGE 4096ul
#define MMAPPED_MIN 2048ul      /* no smaller block is worth a mapping */
#define ARENA_SPAN (64ul << 20) /* each heap of an arena that is not the main one starts at a multiple */
#define ARENA_HEAD_MAX 256ul    /* the arena stands behind the head of its first heap */
#define BINS 127u
#define BIN_BYTES 16ul
#define BINS_EMPTY_MIN 8u
#define ARENA_BEFORE_BINS 112ul /* its lock, flags, lists of small chunks, and where the free memory at its end begins */
#define ARENA_BEHIND_BINS 64ul

/* --- glibc's -------------------------------------------------------------------------------------------------------- */

/* The main arena itself lies in libc's data. It points to the free memory behind the last block, an address that is inside of
   that block: a block may use the first word of the chunk behind it. An empty list of chunks is a pair of pointers to the place
   16 bytes before it, and there are 127 lists in a row, most of them empty. */
struct bins {
    struct ranges arenas;
    uintptr_t last;
    unsigned empty;
};

static void end_bins(struct bins *bins)
{
    uintptr_t first = bins->last - (BINS - 1) * BIN_BYTES;

    if (bins->empty >= BINS_EMPTY_MIN)
        ranges_add(&bins->arenas, first - ARENA_BEFORE_BINS, bins->last + BIN_BYTES + ARENA_BEHIND_BINS);
    bins->empty = 0;
}

static void look_for_bins(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct bins *bins = context;

    for (size_t i = 0; i + 1 < n; i++) {
        uintptr_t at = addr + i * sizeof(*words);

        if (words[i] != at - BIN_BYTES || words[i + 1] != at - BIN_BYTES)
            continue;
        if (at - bins->last > BINS * BIN_BYTES)
            end_bins(bins);
        bins->last = at;
        bins->empty++;
    }
}

static void add_main_arena(struct not_roots *not_roots)
{
    struct bins bins = {.last = 0};

    for (size_t i = 0; i < not_roots->maps->count; i++) {
        const struct mapping *mapping = &not_roots->maps->items[i];

        if (mapping->flags == (MAPPING_OF_FILE | MAPPING_WRITABLE))
            maps_read(not_roots->maps, mapping->range, look_for_bins, &bins);
    }
    end_bins(&bins);
    for (size_t i = 0; i < bins.arenas.count; i++)
        ranges_add(&not_roots->ranges, bins.arenas.items[i].start, bins.arenas.items[i].end);
    not_roots_add_brk(not_roots, &bins.arenas);
    not_roots->ranges.failed |= bins.arenas.failed;
    ranges_release(&bins.arenas);
}

struct arena_head {
    uint64_t arena;
    uint64_t previous;
    uint64_t size;
    uint64_t writable_size;
};

static bool is_arena(const struct arena_head *head)
{
    return head->arena % ARENA_SPAN < ARENA_HEAD_MAX && head->arena > ARENA_SPAN && head->previous % ARENA_SPAN == 0 &&
           head->size % PAGE == 0 && head->writable_size % PAGE == 0 && head->size > 0 && head->size <= head->writable_size &&
           head->writable_size <= ARENA_SPAN;
}

static void add_arenas_in(struct not_roots *not_roots, struct range range)
{
    for (uintptr_t start = (range.start + ARENA_SPAN - 1) & ~(ARENA_SPAN - 1); start < range.end; start += ARENA_SPAN) {
        struct arena_head head;
        uint64_t *words = &head.arena;
        bool there = true;

        for (size_t i = 0; i < sizeof(head) / sizeof(*words) && there; i++)
            there = maps_word(not_roots->maps, start + i * sizeof(*words), &words[i]);
        if (there && is_arena(&head))
            ranges_add(&not_roots->ranges, start, start + head.writable_size);
    }
}

static void add_mmapped(uint32_t block, void *context)
{
    struct not_roots *not_roots = context;
    uintptr_t chunk = blocks_addr(not_roots->blocks, block) - CHUNK_HEAD;
    uint64_t before, size;

    if (blocks_size(not_roots->blocks, block) < MMAPPED_MIN || !maps_word(not_roots->maps, chunk, &before) ||
        !maps_word(not_roots->maps, chunk + sizeof(before), &size) || (size & CHUNK_IS_MMAPPED) == 0 ||
        (chunk - before) % PAGE != 0)
        return;
    ranges_add(&not_roots->ranges, chunk - before, chunk + (size & ~CHUNK_FLAGS));
}

/* --- any ------------------------------------------------------------------------------------------------------------ */

/* A region in which a block starts, as far as it is memory that somebody has mapped: not of a file, and no module's data, which
   stands behind a mapping of its file. */
static void add_region(struct not_roots *not_roots, uintptr_t start)
{
    const struct mapping *mapping = maps_find(not_roots->maps, start);
    const struct mapping *before = mapping == NULL || mapping == not_roots->maps->items ? NULL : mapping - 1;
    uintptr_t end = start + (1ul << BLOCKS_REGION_BITS);

    if (mapping == NULL || (mapping->flags & (MAPPING_OF_FILE | MAPPING_SHARED | MAPPING_STACK)) != 0 ||
        (before != NULL && before->range.end == mapping->range.start && (before->flags & MAPPING_OF_FILE) != 0))
        return;
    ranges_add(&not_roots->ranges, start, end < mapping->range.end ? end : mapping->range.end);
}

static void add_block_regions(uint32_t block, void *context)
{
    struct not_roots *not_roots = context;
    uintptr_t start = blocks_addr(not_roots->blocks, block) & ~((1ul << BLOCKS_REGION_BITS) - 1);
    uintptr_t end = blocks_addr(not_roots->blocks, block) + blocks_size(not_roots->blocks, block);
    struct ranges *ranges = &not_roots->ranges;

    if (ranges->count > 0 && ranges->items[ranges->count - 1].end > start)
        start = ranges->items[ranges->count - 1].end;
    for (; start < end; start += 1ul << BLOCKS_REGION_BITS)
        add_region(not_roots, start);
}

void not_roots_add_allocator(struct not_roots *not_roots)
{
    if (!not_roots->settings->is_glibc) {
        blocks_visit(not_roots->blocks, add_block_regions, not_roots);
        return;
    }
    add_main_arena(not_roots);
    for (size_t i = 0; i < not_roots->maps->count; i++)
        if ((not_roots->maps->items[i].flags & (MAPPING_OF_FILE | MAPPING_SHARED | MAPPING_STACK | MAPPING_BRK)) == 0)
            add_arenas_in(not_roots, not_roots->maps->items[i].range);
    blocks_visit(not_roots->blocks, add_mmapped, not_roots);
}
