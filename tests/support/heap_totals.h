/* What the table of heap blocks holds, added up; and single blocks held against what they should be. */
#ifndef LEAKTRACE_TESTS_HEAP_TOTALS_H
#define LEAKTRACE_TESTS_HEAP_TOTALS_H

#include "unit.h"

#include "store/heap_table.h"

#include <string.h>

struct heap_totals {
    uint64_t blocks;
    uint64_t bytes;
    uint64_t young_blocks;
    uint64_t sites;
};

static inline void add_up(const struct heap_block *block, void *context)
{
    struct heap_totals *totals = context;

    totals->blocks++;
    totals->bytes += block->size;
    totals->young_blocks += block->after_mark;
    totals->sites += block->site;
}

static inline struct heap_totals visit(void)
{
    struct heap_totals totals = {0};

    heap_table_visit(add_up, &totals);
    return totals;
}

static inline void assert_totals(struct heap_totals expected)
{
    struct heap_totals totals = visit();

    assert_int_equal(totals.blocks, expected.blocks);
    assert_int_equal(totals.bytes, expected.bytes);
    assert_int_equal(totals.young_blocks, expected.young_blocks);
    assert_int_equal(totals.sites, expected.sites);
}

static inline void assert_taken(uintptr_t addr, uint64_t size, uint32_t site, bool after_mark)
{
    struct heap_block block;

    memset(&block, 0xa5, sizeof(block));
    assert_true(heap_table_take(addr, &block));
    assert_int_equal(block.addr, addr);
    assert_int_equal(block.size, size);
    assert_int_equal(block.site, site);
    assert_int_equal(block.after_mark, after_mark);
}

#endif
