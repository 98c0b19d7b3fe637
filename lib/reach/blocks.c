/* The index of live blocks. Owns nothing; called by reach/reach. It reads the table of live blocks three times. */
#include "reach/blocks.h"

#include "base/memory.h"
#include "base/sys.h"
#include "store/heap_table.h"

#include <errno.h>

#define LEAF_BYTES (BLOCKS_LEAF_REGIONS * sizeof(uint32_t))
#define LEAF_SHIFT (BLOCKS_REGION_BITS + BLOCKS_LEAF_BITS)
#define REGION_BYTES (1ul << BLOCKS_REGION_BITS)
#define LEAF_SPAN (1ul << LEAF_SHIFT)

struct building {
    struct blocks *blocks;
    uintptr_t last_region;
    bool failed;
};

static void count(const struct heap_block *block, void *context)
{
    struct building *building = context;
    struct blocks *blocks = building->blocks;

    blocks->n_words++;
    if (block->addr >> BLOCKS_REGION_BITS != building->last_region)
        blocks->room_regions++;
    building->last_region = block->addr >> BLOCKS_REGION_BITS;
    if (block->addr < blocks->lowest)
        blocks->lowest = block->addr;
    if (block->addr + block->size >= blocks->highest)
        blocks->highest = block->addr + block->size + 1;
}

static bool is_covered(const uint32_t *leaf)
{
    return ((uintptr_t)leaf & 1) != 0;
}

/* The leaf's entry for the region; NULL when there is no memory. */
static uint32_t *make_entry(struct blocks *blocks, uintptr_t addr)
{
    uint32_t **leaf = &blocks->leaves[addr >> LEAF_SHIFT];

    if (*leaf == NULL)
        *leaf = memory_map(LEAF_BYTES);
    return *leaf == NULL || is_covered(*leaf) ? NULL : &(*leaf)[addr >> BLOCKS_REGION_BITS & (BLOCKS_LEAF_REGIONS - 1)];
}

static struct block_region *make_region(struct blocks *blocks, uintptr_t addr)
{
    uint32_t *entry = make_entry(blocks, addr);

    if (entry == NULL)
        return NULL;
    if (*entry == 0) {
        /* One more than was counted: a thread that could not be stopped goes on. */
        if (blocks->n_regions == blocks->room_regions)
            return NULL;
        *entry = (uint32_t)++blocks->n_regions;
        blocks->regions[*entry - 1].before = BLOCKS_NONE;
    }
    return &blocks->regions[*entry - 1];
}

static void set_start(const struct heap_block *block, void *context)
{
    struct building *building = context;
    struct block_region *region = make_region(building->blocks, block->addr);
    uint32_t place = (uint32_t)(block->addr & (REGION_BYTES - 1)) >> 3;

    if (region == NULL)
        building->failed = true;
    else
        region->starts[place / 64] |= 1ull << place % 64;
}

/* Numbers the blocks. */
static void number(struct blocks *blocks)
{
    uint32_t next = 0;

    for (size_t i = 0; i < blocks->n_regions; i++) {
        struct block_region *region = &blocks->regions[i];
        uint16_t below = 0;

        region->first = next;
        for (size_t word = 0; word < BLOCKS_REGION_WORDS; word++) {
            region->below[word] = below;
            below += (uint16_t)__builtin_popcountll(region->starts[word]);
        }
        next += below;
    }
    blocks->n_words = next;
}

static bool cover_region(struct blocks *blocks, uintptr_t addr, uint32_t block)
{
    uint32_t *entry = make_entry(blocks, addr);

    if (entry == NULL)
        return false;
    if (*entry == 0)
        *entry = BLOCKS_COVERED | block;
    else if ((*entry & BLOCKS_COVERED) == 0)
        blocks->regions[*entry - 1].before = block;
    return true;
}

/* Tells the regions behind the one that it starts in of a block that goes on into them. */
static bool cover(struct blocks *blocks, uint32_t block, uintptr_t start, uintptr_t end)
{
    uintptr_t addr = (start | (REGION_BYTES - 1)) + 1;

    while (addr < end) {
        uint32_t **leaf = &blocks->leaves[addr >> LEAF_SHIFT];

        if ((addr & (LEAF_SPAN - 1)) == 0 && end - addr >= LEAF_SPAN && *leaf == NULL) {
            *leaf = (uint32_t *)((uintptr_t)block << 1 | 1);
            addr += LEAF_SPAN;
        } else {
            if (!cover_region(blocks, addr, block))
                return false;
            addr += REGION_BYTES;
        }
    }
    return true;
}

/* What has come since the starts were set has no number. */
static void fill(const struct heap_block *heap_block, void *context)
{
    struct building *building = context;
    struct blocks *blocks = building->blocks;
    uint32_t block = blocks_at_or_before(blocks, heap_block->addr);
    uint64_t units = (heap_block->size + 7) / 8;

    if (block >= blocks->n_words || (blocks->words[block] != 0 && blocks_addr(blocks, block) != heap_block->addr))
        return;
    if (units >= BLOCKS_SIZE_LONG) {
        units = BLOCKS_SIZE_LONG;
        ranges_add(&blocks->long_sizes, block, heap_block->size);
    }
    if (heap_block->site == 0)
        ranges_add(&blocks->ignored, heap_block->addr, heap_block->addr + 1);
    blocks->words[block] = units << BLOCKS_SIZE_SHIFT | heap_block->addr;
    if (!cover(blocks, block, heap_block->addr, heap_block->addr + heap_block->size))
        building->failed = true;
}

static int allocate(struct blocks *blocks)
{
    if (blocks->n_words >= BLOCKS_COVERED)
        return -ENOMEM;
    blocks->room_regions += blocks->room_regions / 16 + 16;
    blocks->leaves = memory_map(BLOCKS_LEAVES * sizeof(blocks->leaves[0]));
    blocks->regions = memory_map(blocks->room_regions * sizeof(blocks->regions[0]));
    if (blocks->leaves == NULL || blocks->regions == NULL)
        return -ENOMEM;
    sys_advise_huge(blocks->regions, blocks->room_regions * sizeof(blocks->regions[0]));
    return 0;
}

int blocks_init(struct blocks *ret_blocks)
{
    struct building building = {.blocks = ret_blocks, .last_region = UINTPTR_MAX};

    *ret_blocks = (struct blocks){.lowest = UINTPTR_MAX};
    heap_table_visit(count, &building);
    if (ret_blocks->n_words == 0)
        ret_blocks->lowest = 0;
    if (allocate(ret_blocks) != 0)
        return -ENOMEM;
    heap_table_visit(set_start, &building);
    number(ret_blocks);
    ret_blocks->words = memory_map((ret_blocks->n_words + 1) * sizeof(ret_blocks->words[0]));
    if (ret_blocks->words == NULL)
        return -ENOMEM;
    sys_advise_huge(ret_blocks->words, ret_blocks->n_words * sizeof(ret_blocks->words[0]));
    heap_table_visit(fill, &building);
    ranges_sort(&ret_blocks->long_sizes);
    return building.failed || ret_blocks->long_sizes.failed || ret_blocks->ignored.failed ? -ENOMEM : 0;
}

uint64_t blocks_long_size(const struct blocks *blocks, uint32_t block)
{
    const struct range *size = ranges_find(&blocks->long_sizes, block);

    return size == NULL || size->start != block ? 0 : size->end;
}

static uint32_t blocks_in(const struct block_region *region)
{
    uint32_t last = BLOCKS_REGION_WORDS - 1;

    return region->below[last] + (uint32_t)__builtin_popcountll(region->starts[last]);
}

/* The region of an entry, NULL if no block starts there. */
static const struct block_region *region_at(const struct blocks *blocks, size_t leaf, size_t i)
{
    uint32_t entry = blocks->leaves[leaf][i];

    return entry == 0 || (entry & BLOCKS_COVERED) != 0 ? NULL : &blocks->regions[entry - 1];
}

static bool has_regions(const struct blocks *blocks, size_t leaf)
{
    return blocks->leaves[leaf] != NULL && !is_covered(blocks->leaves[leaf]);
}

void blocks_visit(const struct blocks *blocks, void (*visit)(uint32_t block, void *context), void *context)
{
    for (size_t leaf = 0; leaf < BLOCKS_LEAVES; leaf++)
        for (size_t i = 0; has_regions(blocks, leaf) && i < BLOCKS_LEAF_REGIONS; i++) {
            const struct block_region *region = region_at(blocks, leaf, i);

            for (uint32_t n = 0; region != NULL && n < blocks_in(region); n++)
                visit(region->first + n, context);
        }
}

void blocks_visit_backwards(const struct blocks *blocks, void (*visit)(uint32_t block, void *context), void *context)
{
    for (size_t leaf = BLOCKS_LEAVES; leaf-- > 0;)
        for (size_t i = BLOCKS_LEAF_REGIONS; has_regions(blocks, leaf) && i-- > 0;) {
            const struct block_region *region = region_at(blocks, leaf, i);

            for (uint32_t n = region == NULL ? 0 : blocks_in(region); n-- > 0;)
                visit(region->first + n, context);
        }
}

void blocks_release(struct blocks *blocks)
{
    for (size_t i = 0; blocks->leaves != NULL && i < BLOCKS_LEAVES; i++)
        if (blocks->leaves[i] != NULL && !is_covered(blocks->leaves[i]))
            memory_unmap(blocks->leaves[i], LEAF_BYTES);
    if (blocks->leaves != NULL)
        memory_unmap(blocks->leaves, BLOCKS_LEAVES * sizeof(blocks->leaves[0]));
    if (blocks->regions != NULL)
        memory_unmap(blocks->regions, blocks->room_regions * sizeof(blocks->regions[0]));
    if (blocks->words != NULL)
        memory_unmap(blocks->words, (blocks->n_words + 1) * sizeof(blocks->words[0]));
    ranges_release(&blocks->long_sizes);
    ranges_release(&blocks->ignored);
    *blocks = (struct blocks){0};
}
