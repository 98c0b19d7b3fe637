/* Marking. Owns nothing; called by reach/reach. */
#include "reach/mark.h"

#include "base/memory.h"

#include <errno.h>

/* What a pointer into a block does to it. */
typedef void touch(struct marker *marker, uint32_t block, bool is_start);

/* glibc keeps the end of its newest arena, a multiple of this, where a large block of others may lie by chance. */
#define ARENA_SPAN (64ul << 20)
#define LOOSE_BYTES_MAX (256ul << 20)

static size_t stack_bytes(const struct marker *marker)
{
    return (marker->blocks->n_words + 1) * sizeof(marker->stack.items[0]);
}

int mark_init(struct marker *ret_marker, struct blocks *blocks, struct maps *maps)
{
    *ret_marker = (struct marker){.blocks = blocks, .maps = maps, .leader = BLOCKS_NONE};
    ret_marker->stack.items = memory_map(stack_bytes(ret_marker));
    return ret_marker->stack.items == NULL ? -ENOMEM : 0;
}

void mark_release(struct marker *marker)
{
    if (marker->stack.items != NULL)
        memory_unmap(marker->stack.items, stack_bytes(marker));
}

/* Each block comes to the stack once with each state, and not again before it has left it. */
static inline void push(struct marker *marker, uint32_t block, enum block_state state)
{
    blocks_set_state(marker->blocks, block, state);
    marker->stack.items[marker->stack.count++] = block;
}

static inline void touch_reachable(struct marker *marker, uint32_t block, bool is_start)
{
    enum block_state state = blocks_state(marker->blocks, block);

    if (is_start && state != BLOCK_REACHABLE)
        push(marker, block, BLOCK_REACHABLE);
    else if (!is_start && state == BLOCK_UNREACHED)
        blocks_set_state(marker->blocks, block, BLOCK_POSSIBLE);
}

static inline void touch_possible(struct marker *marker, uint32_t block, bool is_start)
{
    (void)is_start;
    if (blocks_state(marker->blocks, block) == BLOCK_UNREACHED)
        push(marker, block, BLOCK_POSSIBLE);
}

/* Another leader found before has found its own already. */
static inline void touch_indirect(struct marker *marker, uint32_t block, bool is_start)
{
    enum block_state state = blocks_state(marker->blocks, block);

    (void)is_start;
    if (state == BLOCK_UNREACHED)
        push(marker, block, BLOCK_INDIRECT);
    else if (state == BLOCK_DEFINITE && block != marker->leader)
        blocks_set_state(marker->blocks, block, BLOCK_INDIRECT);
}

static inline __attribute__((always_inline)) void look_at(struct marker *marker, const uint64_t *words, size_t n, touch *what)
{
    for (size_t i = 0; i < n; i++) {
        bool is_start;
        uint32_t block = blocks_find(marker->blocks, words[i], &is_start);

        if (block != BLOCKS_NONE && (is_start || words[i] % ARENA_SPAN != 0))
            what(marker, block, is_start);
    }
}

static void reach_from(const uint64_t *words, size_t n, uintptr_t addr, void *marker)
{
    (void)addr;
    look_at(marker, words, n, touch_reachable);
}

static void possibly_reach_from(const uint64_t *words, size_t n, uintptr_t addr, void *marker)
{
    (void)addr;
    look_at(marker, words, n, touch_possible);
}

static void lose_with(const uint64_t *words, size_t n, uintptr_t addr, void *marker)
{
    (void)addr;
    look_at(marker, words, n, touch_indirect);
}

static void look_into(struct marker *marker, uint32_t block, maps_words *words)
{
    uintptr_t addr = blocks_addr(marker->blocks, block);
    size_t size = blocks_size(marker->blocks, block) & ~7ul;

    if (maps_can_read(marker->maps, addr, size)) {
        words((const uint64_t *)addr, size / sizeof(uint64_t), addr, marker);
        marker->maps->bytes += size;
    } else {
        maps_read(marker->maps, (struct range){addr, addr + size}, words, marker);
    }
}

static void follow(struct marker *marker, maps_words *words)
{
    while (marker->stack.count > 0)
        look_into(marker, marker->stack.items[--marker->stack.count], words);
}

void mark_words(struct marker *marker, const uint64_t *words, size_t n)
{
    reach_from(words, n, 0, marker);
    follow(marker, reach_from);
}

void mark_range(struct marker *marker, struct range range)
{
    maps_read(marker->maps, range, reach_from, marker);
    follow(marker, reach_from);
}

void mark_block_at(struct marker *marker, uintptr_t addr)
{
    bool is_start;
    uint32_t block = blocks_find(marker->blocks, addr, &is_start);

    if (block != BLOCKS_NONE)
        touch_reachable(marker, block, true);
    follow(marker, reach_from);
}

static void push_possible(uint32_t block, void *context)
{
    struct marker *marker = context;

    if (blocks_state(marker->blocks, block) == BLOCK_POSSIBLE)
        push(marker, block, BLOCK_POSSIBLE);
}

/* Each in turn is taken for the leader of all that it leads to and that has no leader yet. One that a later leader leads to is
   none. */
static void lead(uint32_t block, void *context)
{
    struct marker *marker = context;

    if (blocks_state(marker->blocks, block) != BLOCK_UNREACHED)
        return;
    marker->leader = block;
    push(marker, block, BLOCK_DEFINITE);
    follow(marker, lose_with);
}

/* --- what may be pointers ------------------------------------------------------------------------------------------- */

static void find_unreached(uint32_t block, void *context)
{
    struct marker *marker = context;
    uintptr_t addr = blocks_addr(marker->blocks, block);

    if (blocks_state(marker->blocks, block) != BLOCK_UNREACHED)
        return;
    if (marker->unreached.start == 0)
        marker->unreached.start = addr;
    marker->unreached.end = addr + blocks_size(marker->blocks, block) + 1;
}

/* Most words are no such pointer, and are told by one comparison. */
static inline void look_loosely(struct marker *marker, uint64_t word, bool only_start)
{
    uintptr_t addr = word & BLOCKS_ADDR_MAX;
    bool is_start = false;
    uint32_t block;

    if (addr - marker->unreached.start >= marker->unreached.end - marker->unreached.start)
        return;
    block = blocks_find(marker->blocks, addr, &is_start);
    if (block != BLOCKS_NONE && (is_start || !only_start))
        touch_possible(marker, block, is_start);
}

/* With something in the upper bits; or across two words: of these only the start counts, for they are many. */
static void loosely_reach_from(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct marker *marker = context;

    (void)addr;
    for (size_t i = 0; i < n; i++) {
        if (words[i] > BLOCKS_ADDR_MAX)
            look_loosely(marker, words[i], false);
        for (unsigned shift = 8; shift < 64 && i + 1 < n; shift += 8)
            look_loosely(marker, words[i] >> shift | words[i + 1] << (64 - shift), true);
    }
}

/* What is found here is followed as usual, and not looked into like this any more. */
static void look_loosely_into(uint32_t block, void *context)
{
    struct marker *marker = context;
    enum block_state state = blocks_state(marker->blocks, block);

    if (state == BLOCK_POSSIBLE || state == BLOCK_REACHABLE)
        look_into(marker, block, loosely_reach_from);
}

bool mark_needs_loose(struct marker *marker)
{
    marker->unreached = (struct range){0};
    blocks_visit(marker->blocks, find_unreached, marker);
    return marker->unreached.end != 0 && marker->maps->bytes <= LOOSE_BYTES_MAX;
}

void mark_range_loosely(struct marker *marker, struct range range)
{
    maps_read(marker->maps, range, loosely_reach_from, marker);
}

void mark_blocks_loosely(struct marker *marker)
{
    blocks_visit(marker->blocks, look_loosely_into, marker);
    follow(marker, possibly_reach_from);
}

/* --- the end -------------------------------------------------------------------------------------------------------- */

void mark_possible(struct marker *marker)
{
    blocks_visit(marker->blocks, push_possible, marker);
    follow(marker, possibly_reach_from);
}

void mark_finish(struct marker *marker)
{
    blocks_visit(marker->blocks, lead, marker);
}
