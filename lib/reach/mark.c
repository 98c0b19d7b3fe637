/* Marking. Owns nothing; called by reach/reach. */
#include "reach/mark.h"

#include "base/memory.h"
#include "reach/chunk.h"

#include <errno.h>

/* What a pointer into a block does to it. */
typedef void touch(struct marker *marker, uint32_t block, bool is_start);

/* glibc keeps the end of its newest arena, a multiple of this, where a large block of others may lie by chance. */
#define ARENA_SPAN (64ul << 20)
#define LOOSE_BYTES_MAX (256ul << 20)
#define SPARE_BYTES_MAX 4096ul
#define LINE_BYTES 64ul
#define PREFETCH_LINES 4u
#define AHEAD 16u
#define LOOKED_BETWEEN 4096u /* looks at the clock */

static void settle_reachable(struct marker *marker);

static size_t stack_bytes(const struct marker *marker)
{
    return (marker->blocks->n_words + 1) * sizeof(marker->stack.items[0]);
}

int mark_init(struct marker *ret_marker, struct blocks *blocks, struct maps *maps)
{
    *ret_marker = (struct marker){.blocks = blocks, .maps = maps, .leader = BLOCKS_NONE, .settle = settle_reachable};
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

static inline void touch_pointed_to(struct marker *marker, uint32_t block, bool is_start)
{
    if (is_start && blocks_state(marker->blocks, block) == BLOCK_UNREACHED)
        blocks_set_state(marker->blocks, block, BLOCK_POINTED_TO);
}

/* One that was taken for a leader, and is not the one whose own is looked for, is led to. */
static inline void touch_indirect(struct marker *marker, uint32_t block, bool is_start)
{
    enum block_state state = blocks_state(marker->blocks, block);

    (void)is_start;
    if (state <= BLOCK_POINTED_TO || ((state == BLOCK_DEFINITE || state == BLOCK_LEADS_FOR_NOW) && block != marker->leader))
        push(marker, block, BLOCK_INDIRECT);
}

/* --- from words to blocks ------------------------------------------------------------------------------------------- */

/* What is looked at next is asked of the memory before it is needed: nearly each step would wait for it. So addresses that may
   be in a block are gathered, and settled many at a time. */
static inline __attribute__((always_inline)) void settle(struct marker *marker, touch *what)
{
    struct blocks *blocks = marker->blocks;
    uint32_t found[MARK_PENDING];
    unsigned n = marker->n_pending;

    for (unsigned i = 0; i < n; i++) {
        found[i] = blocks_at_or_before(blocks, marker->pending[i]);
        if (found[i] != BLOCKS_NONE)
            __builtin_prefetch(&blocks->words[found[i]], 1);
    }
    for (unsigned i = 0; i < n; i++) {
        uintptr_t addr = marker->pending[i];

        if (blocks_has(blocks, found[i], addr) && (addr == blocks_addr(blocks, found[i]) || addr % ARENA_SPAN != 0))
            what(marker, found[i], addr == blocks_addr(blocks, found[i]));
    }
    marker->n_pending = 0;
}

static void settle_reachable(struct marker *marker)
{
    settle(marker, touch_reachable);
}

static void settle_possible(struct marker *marker)
{
    settle(marker, touch_possible);
}

static void settle_indirect(struct marker *marker)
{
    settle(marker, touch_indirect);
}

static void settle_pointed_to(struct marker *marker)
{
    settle(marker, touch_pointed_to);
}

static void gather(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct marker *marker = context;

    (void)addr;
    for (size_t i = 0; i < n; i++) {
        if (!blocks_may_have(marker->blocks, words[i]))
            continue;
        marker->pending[marker->n_pending++] = words[i];
        if (marker->n_pending == MARK_PENDING)
            marker->settle(marker);
    }
}

/* glibc lets a program use what it has not asked for up to the end of the chunk (malloc_usable_size). Anything else that stands
   before a block is no size that fits it. */
static size_t usable_size(struct marker *marker, uintptr_t addr, size_t size)
{
    uint64_t chunk, usable;

    if (maps_can_read(marker->maps, addr - sizeof(chunk), size + sizeof(chunk)))
        chunk = ((const uint64_t *)addr)[-1];
    else if (!maps_word(marker->maps, addr - sizeof(chunk), &chunk))
        return size;
    usable = (chunk & ~CHUNK_FLAGS) - ((chunk & CHUNK_IS_MMAPPED) != 0 ? CHUNK_HEAD : CHUNK_HEAD - CHUNK_SIZE);
    return usable > size && usable - size < SPARE_BYTES_MAX ? usable : size;
}

static void look_into(struct marker *marker, uint32_t block, maps_words *words)
{
    uintptr_t addr = blocks_addr(marker->blocks, block);
    size_t size = blocks_size(marker->blocks, block) & ~7ul;

    if (marker->has_chunks)
        size = usable_size(marker, addr, size);
    if (maps_can_read(marker->maps, addr, size)) {
        words((const uint64_t *)addr, size / sizeof(uint64_t), addr, marker);
        marker->maps->bytes += size;
    } else {
        maps_read(marker->maps, (struct range){addr, addr + size}, words, marker);
    }
}

static inline uint32_t pop(struct marker *marker)
{
    uint32_t block = marker->stack.items[--marker->stack.count];
    const char *start = (const char *)blocks_addr(marker->blocks, block) - sizeof(uint64_t);

    for (unsigned line = 0; line < PREFETCH_LINES; line++)
        __builtin_prefetch(start + line * LINE_BYTES);
    return block;
}

static bool is_late(struct marker *marker)
{
    return ++marker->looked % LOOKED_BETWEEN == 0 ? maps_is_late(marker->maps) : marker->maps->is_late;
}

/* Looks into all blocks of the stack, and into those that come to it. A few are on their way from memory. */
static void follow(struct marker *marker)
{
    uint32_t ahead[AHEAD];
    unsigned first = 0, n = 0;

    while (!is_late(marker)) {
        if (marker->stack.count > 0 && n < AHEAD) {
            ahead[(first + n++) % AHEAD] = pop(marker);
        } else if (n > 0) {
            n--;
            look_into(marker, ahead[first++ % AHEAD], gather);
        } else if (marker->n_pending > 0) {
            marker->settle(marker);
        } else {
            return;
        }
    }
}

void mark_words(struct marker *marker, const uint64_t *words, size_t n)
{
    gather(words, n, 0, marker);
    follow(marker);
}

void mark_range(struct marker *marker, struct range range)
{
    maps_read(marker->maps, range, gather, marker);
    follow(marker);
}

void mark_block_at(struct marker *marker, uintptr_t addr)
{
    bool is_start;
    uint32_t block = blocks_find(marker->blocks, addr, &is_start);

    if (block != BLOCKS_NONE)
        touch_reachable(marker, block, true);
    follow(marker);
}

struct range mark_only_block_at(struct marker *marker, uintptr_t addr)
{
    bool is_start;
    uint32_t block = blocks_find(marker->blocks, addr, &is_start);
    uintptr_t start;

    if (block == BLOCKS_NONE)
        return (struct range){0};
    blocks_set_state(marker->blocks, block, BLOCK_REACHABLE);
    start = blocks_addr(marker->blocks, block);
    return (struct range){start, start + blocks_size(marker->blocks, block)};
}

static void push_possible(uint32_t block, void *context)
{
    struct marker *marker = context;

    if (blocks_state(marker->blocks, block) == BLOCK_POSSIBLE)
        push(marker, block, BLOCK_POSSIBLE);
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
    follow(marker);
}

/* --- the end -------------------------------------------------------------------------------------------------------- */

void mark_possible(struct marker *marker)
{
    marker->settle = settle_possible;
    blocks_visit(marker->blocks, push_possible, marker);
    follow(marker);
}

static void follow_from(struct marker *marker, uint32_t block, enum block_state state)
{
    marker->leader = block;
    push(marker, block, state);
    follow(marker);
}

static void look_where_it_points(uint32_t block, void *context)
{
    struct marker *marker = context;

    if (blocks_state(marker->blocks, block) <= BLOCK_POINTED_TO && !is_late(marker))
        look_into(marker, block, gather);
}

static void lead_if_unreached(uint32_t block, void *marker)
{
    if (blocks_state(((struct marker *)marker)->blocks, block) == BLOCK_UNREACHED)
        follow_from(marker, block, BLOCK_DEFINITE);
}

static void lead_if_pointed_to(uint32_t block, void *marker)
{
    if (blocks_state(((struct marker *)marker)->blocks, block) == BLOCK_POINTED_TO)
        follow_from(marker, block, BLOCK_LEADS_FOR_NOW);
}

static void forget_indirect(uint32_t block, void *marker)
{
    if (blocks_state(((struct marker *)marker)->blocks, block) == BLOCK_INDIRECT)
        blocks_set_state(((struct marker *)marker)->blocks, block, BLOCK_UNREACHED);
}

static void lead_again_if_pointed_to(uint32_t block, void *marker)
{
    if (blocks_state(((struct marker *)marker)->blocks, block) == BLOCK_LEADS_FOR_NOW)
        follow_from(marker, block, BLOCK_DEFINITE);
}

static void lead_again(uint32_t block, void *marker)
{
    if (blocks_state(((struct marker *)marker)->blocks, block) == BLOCK_DEFINITE)
        follow_from(marker, block, BLOCK_DEFINITE);
}

/* Each block in turn is taken for the leader of all that it leads to and that has no leader yet; first those to whose start no
   other one points: of an object whose parts point back into it, it is the object. None of these leaders leads to a later
   one, which would not have become one; but a later one may lead to an earlier one, by a way that went on from there already.
   So it is done once more with them alone, backwards. */
bool mark_finish(struct marker *marker)
{
    marker->settle = settle_pointed_to;
    blocks_visit(marker->blocks, look_where_it_points, marker);
    marker->settle(marker);
    marker->settle = settle_indirect;
    blocks_visit(marker->blocks, lead_if_unreached, marker);
    blocks_visit(marker->blocks, lead_if_pointed_to, marker);
    if (marker->maps->is_late) /* there is no room on the stack for the same ones again */
        return false;
    blocks_visit(marker->blocks, forget_indirect, marker);
    blocks_visit_backwards(marker->blocks, lead_again_if_pointed_to, marker);
    blocks_visit_backwards(marker->blocks, lead_again, marker);
    return !marker->maps->is_late;
}
