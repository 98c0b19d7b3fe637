/*
 * An index of the live heap blocks, for the time of one scan: which block is an address in, and what is known of it.
 *
 * Blocks are numbered from 0 in the order of their addresses within each 64 KiB of the address space. There, a bitmap says
 * where blocks start, and a count of the bits below gives a block's number; so an address in the middle of a block is found as
 * fast as its start. 8 bytes for each block, and 1.3 KiB for each 64 KiB in which one starts. In one thread.
 */
#ifndef LEAKTRACE_REACH_BLOCKS_H
#define LEAKTRACE_REACH_BLOCKS_H

#include "reach/ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_block;

#define BLOCKS_NONE UINT32_MAX
#define BLOCKS_ADDR_BITS 47
#define BLOCKS_REGION_BITS 16
#define BLOCKS_LEAF_BITS 13
#define BLOCKS_LEAF_REGIONS (1u << BLOCKS_LEAF_BITS)
#define BLOCKS_LEAVES (1u << (BLOCKS_ADDR_BITS - BLOCKS_REGION_BITS - BLOCKS_LEAF_BITS))
#define BLOCKS_REGION_WORDS 128u /* of a bitmap with one bit for 8 bytes */

/* What a scan has found out. The lower bits of a block's word. */
enum block_state {
    BLOCK_UNREACHED,
    BLOCK_POINTED_TO,    /* unreached too, but an unreached one points to its start */
    BLOCK_INDIRECT,      /* from unreached ones only, among them a definite one */
    BLOCK_DEFINITE,      /* by no block but those that it points to itself */
    BLOCK_LEADS_FOR_NOW, /* a definite one to whose start one points, while leaders are looked for */
    BLOCK_POSSIBLE,
    BLOCK_REACHABLE,
    BLOCK_STATES
};

/* Where no block starts before a place in the region, it may still be in one that starts further down. */
struct block_region {
    uint64_t starts[BLOCKS_REGION_WORDS];
    uint16_t below[BLOCKS_REGION_WORDS]; /* bits in the words before */
    uint32_t first;                      /* number of the first block that starts here */
    uint32_t before;                     /* of the block that covers the region's first byte, BLOCKS_NONE if there is none */
};

/* Of a leaf: 0, or the number of a region + 1, or BLOCKS_COVERED | the number of the block that covers it all. */
#define BLOCKS_COVERED (1u << 31)

struct blocks {
    uint32_t **leaves; /* or the number of the block that covers all of one, times two and one */
    struct block_region *regions;
    uint64_t *words;          /* of each block: its size in units of 8 bytes << 47 | its address | its state */
    struct ranges long_sizes; /* number and size in bytes of those whose size does not fit; sorted by number */
    struct ranges ignored;    /* those of no site: addresses */
    size_t n_regions, n_words;
    size_t room_regions;
    uintptr_t lowest, highest; /* all blocks are in between */
};

#define BLOCKS_SIZE_SHIFT 47
#define BLOCKS_SIZE_LONG ((1ul << 17) - 1)
#define BLOCKS_ADDR_MAX ((1ul << BLOCKS_ADDR_BITS) - 1)
#define BLOCKS_ADDR_MASK (BLOCKS_ADDR_MAX & ~7ul)

/* Reads the table of live blocks, while nobody changes it. 0 or -ENOMEM; to be released in any case. */
int blocks_init(struct blocks *ret_blocks);
void blocks_release(struct blocks *blocks);
/* Calls `visit` with the number of each block, in the order of their addresses. */
void blocks_visit(const struct blocks *blocks, void (*visit)(uint32_t block, void *context), void *context);
void blocks_visit_backwards(const struct blocks *blocks, void (*visit)(uint32_t block, void *context), void *context);
uint64_t blocks_long_size(const struct blocks *blocks, uint32_t block);

static inline uintptr_t blocks_addr(const struct blocks *blocks, uint32_t block)
{
    return blocks->words[block] & BLOCKS_ADDR_MASK;
}

static inline enum block_state blocks_state(const struct blocks *blocks, uint32_t block)
{
    return (enum block_state)(blocks->words[block] & 7);
}

static inline void blocks_set_state(struct blocks *blocks, uint32_t block, enum block_state state)
{
    blocks->words[block] = (blocks->words[block] & ~7ul) | state;
}

/* In bytes; but for those of BLOCKS_SIZE_LONG and more, rounded up to 8. */
static inline uint64_t blocks_size(const struct blocks *blocks, uint32_t block)
{
    uint64_t units = blocks->words[block] >> BLOCKS_SIZE_SHIFT;

    return __builtin_expect(units == BLOCKS_SIZE_LONG, 0) ? blocks_long_size(blocks, block) : units * 8;
}

/* The last block that starts at or before the address and near enough to reach it; BLOCKS_NONE. */
static inline uint32_t blocks_at_or_before(const struct blocks *blocks, uintptr_t addr)
{
    const uint32_t *leaf = blocks->leaves[addr >> (BLOCKS_REGION_BITS + BLOCKS_LEAF_BITS)];
    const struct block_region *region;
    uint32_t entry, place, below;

    if (leaf == NULL)
        return BLOCKS_NONE;
    if (((uintptr_t)leaf & 1) != 0)
        return (uint32_t)((uintptr_t)leaf >> 1);
    entry = leaf[addr >> BLOCKS_REGION_BITS & (BLOCKS_LEAF_REGIONS - 1)];
    if (entry == 0)
        return BLOCKS_NONE;
    if ((entry & BLOCKS_COVERED) != 0)
        return entry & ~BLOCKS_COVERED;
    region = &blocks->regions[entry - 1];
    place = (uint32_t)(addr & 0xffff) >> 3;
    below = region->below[place / 64] + (uint32_t)__builtin_popcountll(region->starts[place / 64] & ~0ull >> (63 - place % 64));
    return below == 0 ? region->before : region->first + below - 1;
}

/* False: it is in no block. Else what blocks_at_or_before() needs is on its way from memory. */
static inline bool blocks_may_have(const struct blocks *blocks, uintptr_t addr)
{
    const uint32_t *leaf;
    uint32_t entry;

    if (addr - blocks->lowest >= blocks->highest - blocks->lowest)
        return false;
    leaf = blocks->leaves[addr >> (BLOCKS_REGION_BITS + BLOCKS_LEAF_BITS)];
    if (leaf == NULL || ((uintptr_t)leaf & 1) != 0)
        return leaf != NULL;
    entry = leaf[addr >> BLOCKS_REGION_BITS & (BLOCKS_LEAF_REGIONS - 1)];
    if (entry == 0 || (entry & BLOCKS_COVERED) != 0)
        return entry != 0;
    __builtin_prefetch(&blocks->regions[entry - 1].starts[(addr & 0xffff) >> 9]);
    __builtin_prefetch(&blocks->regions[entry - 1].below[(addr & 0xffff) >> 9]);
    __builtin_prefetch(&blocks->regions[entry - 1].first);
    return true;
}

/* Whether the address is in that block, which may be BLOCKS_NONE. A block of 0 bytes has its start. */
static inline bool blocks_has(const struct blocks *blocks, uint32_t block, uintptr_t addr)
{
    uintptr_t offset;

    if (block == BLOCKS_NONE)
        return false;
    offset = addr - blocks_addr(blocks, block);
    return offset == 0 || offset < blocks_size(blocks, block);
}

/* The block that the address is in, BLOCKS_NONE if it is in none. */
static inline uint32_t blocks_find(const struct blocks *blocks, uintptr_t addr, bool *ret_is_start)
{
    uint32_t block;

    if (addr - blocks->lowest >= blocks->highest - blocks->lowest)
        return BLOCKS_NONE;
    block = blocks_at_or_before(blocks, addr);
    if (!blocks_has(blocks, block, addr))
        return BLOCKS_NONE;
    *ret_is_start = addr == blocks_addr(blocks, block);
    return block;
}

#endif
