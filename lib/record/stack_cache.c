/*
 * The cache of a thread's last stacks. Owns what is in its room; called by record/stack.
 *
 * Frames are written down as they are walked, the leaf first, each with the three words that a step can read. When the walk
 * comes to a known frame that holds, or to the end, the new frames get their nodes from the outside inward, and the words that
 * matter are moved together: a run of words, and behind it where to go on. Nothing in the room is changed later. When it is
 * full, all is forgotten, and the next room is larger.
 */
#include "record/stack_cache.h"

#include "record/stack_room.h"
#include "record/stack_walk.h"

#include <stddef.h>
#include <string.h>

#define WINDOW_MIN 256u /* frames of the leaf end that a stack keeps at least, however deep it is */
#define PC_EXACT (1ul << 63)
#define TRIES_MAX 3u

/* What lies outside of the new frames. */
struct outside {
    uint32_t node;
    unsigned flags;
    uintptr_t go_on; /* a run of words, or UINTPTR_MAX */
};

enum outcome { FOUND_END, FOUND_KNOWN, NO_ROOM, TOO_DEEP, NO_RULE };

const uintptr_t stack_word_end;

void stack_cache_init(struct stack_cache *cache)
{
    cache->tallies = (struct tally_block){
        .first = &cache->leaves[0].tally, .stride = sizeof(struct stack_leaf), .count = STACK_LEAVES + 1};
    tally_publish(&cache->tallies);
}

/* --- the room ----------------------------------------------------------------------------------------------------- */

static void forget_leaf(struct stack_leaf *leaf)
{
    if (leaf->tally.site == NULL)
        return;
    leaf->pc = 0;
    tally_assign(&leaf->tally, NULL);
}

static void forget_leaves(struct stack_cache *cache)
{
    for (unsigned word = 0; word < STACK_SETS / 64; word++)
        for (; cache->used_sets[word] != 0; cache->used_sets[word] &= cache->used_sets[word] - 1) {
            struct stack_leaf *set = &cache->leaves[(word * 64 + (unsigned)__builtin_ctzll(cache->used_sets[word])) * STACK_WAYS];

            for (unsigned way = 0; way < STACK_WAYS; way++)
                forget_leaf(&set[way]);
        }
    forget_leaf(&cache->leaves[STACK_LEAVES]);
}

static void forget(struct stack_cache *cache)
{
    struct stack_room *room = cache->room;

    forget_leaves(cache);
    memset(cache->exits, 0, sizeof(cache->exits));
    cache->code = epoch_code();
    if (room == NULL)
        return;
    for (uint32_t i = 0; i < room->n_frames; i++)
        *stack_room_index(room, room->frames[i].pc, room->frames[i].sp) = 0;
    room->n_frames = 0;
    room->n_words = 0;
}

void stack_cache_reset(struct stack_cache *cache, struct stack_bounds bounds)
{
    forget(cache);
    cache->bounds = bounds;
}

void stack_cache_was_left(struct stack_cache *cache)
{
    cache->code = epoch_code() - 1;
}

/* Forgets all; where there is memory, into a larger room. */
static bool grow(struct stack_cache *cache)
{
    struct stack_room *old = cache->room;
    unsigned level = old == NULL ? 0 : old->level + 1;
    struct stack_room *room = level < STACK_ROOM_LEVELS ? stack_room_make(level) : NULL;

    forget(cache);
    if (room == NULL)
        return level >= STACK_ROOM_LEVELS;
    __atomic_store_n(&cache->room, room, __ATOMIC_RELEASE);
    if (old != NULL)
        stack_room_unmake(old);
    return true;
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static const struct cached_frame *find(const struct stack_room *room, uintptr_t pc, const struct walk_state *state)
{
    uint16_t at = *stack_room_index(room, pc, state->sp);
    const struct cached_frame *frame = &room->frames[at - 1];

    if (at == 0 || frame->pc != pc || frame->sp != state->sp)
        return NULL;
    return (frame->flags & FRAME_BP_MATTERS) == 0 || frame->bp == state->bp ? frame : NULL;
}

/* One step, written down behind the others; the words of the i-th new frame stand at i times STACK_READS. */
static inline enum walk_end add_frame(struct walker *walker, uintptr_t pc, struct cached_frame *frame, struct stack_word *words)
{
    const uintptr_t from = walker->state.pc;
    struct walk_reads reads;
    uintptr_t address;
    enum walk_end end;
    unsigned flags;

    frame->pc = pc;
    frame->sp = walker->state.sp;
    frame->bp = walker->state.bp;
    end = walk_step(walker, &address, &reads);
    flags = end == WALK_ON ? reads.what : 0;
    words[0] = (struct stack_word){.at = reads.pc, .value = walker->state.pc};
    words[1] = (struct stack_word){.at = reads.sp, .value = walker->state.sp};
    words[2] = (struct stack_word){.at = reads.bp, .value = walker->state.bp};
    if (address == from)
        flags |= FRAME_AT_ADDRESS;
    if (__builtin_expect(walk_frame_kind(address) != WALK_FRAME_SHOWN, 0))
        flags |= walk_frame_kind(address) == WALK_FRAME_HIDDEN ? FRAME_HIDDEN : FRAME_COVERED;
    frame->flags = flags;
    return end;
}

static uint32_t window(void)
{
    return (site_depth() > WINDOW_MIN ? site_depth() : WINDOW_MIN) + 1; /* one may be hidden */
}

/* How many frames there is room for. */
static uint32_t room_left(const struct stack_room *room)
{
    uint32_t by_frames = room->max_frames - room->n_frames;
    uint32_t by_words = room->n_words < room->max_words ? (room->max_words - room->n_words - 1) / STACK_READS : 0; /* and one for the end */

    return by_frames < by_words ? by_frames : by_words;
}

/* The largest room, and all of it: to forget what it holds would not help. */
static bool is_whole(const struct stack_room *room)
{
    return room->level == STACK_ROOM_LEVELS - 1 && room->n_words == 0;
}

/* Walks until a known frame holds or the stack ends; the new frames stand from `first` on. */
static enum outcome walk(struct stack_cache *cache, enum kind kind, struct outside *ret_outside)
{
    struct walker *walker = &cache->walker;
    struct stack_room *room = cache->room;
    struct stack_word *words = &room->words[room->n_words];
    uint32_t deep = room->n_frames + 2 * window(), full = room->n_frames + room_left(room);
    uintptr_t failed = 0; /* where a word did not hold: frames inside of it cannot hold either */

    for (;; words += STACK_READS) {
        uintptr_t pc = walker->state.pc | (uintptr_t)kind << STACK_KIND_SHIFT | (walker->exact ? PC_EXACT : 0);
        const struct cached_frame *known = NULL;
        const struct stack_word *word;
        enum walk_end end;

        if (__builtin_expect(walker->state.pc >> STACK_KIND_SHIFT != 0, 0))
            walker->unrepeatable = true; /* no program's address, and no room for the kind */
        else if (walker->state.sp > failed)
            known = find(room, pc, &walker->state);
        if (known != NULL && stack_words_hold(&room->words[known->words], &word)) {
            *ret_outside = (struct outside){
                .node = known->node, .flags = known->flags, .go_on = (uintptr_t)&room->words[known->words]};
            return FOUND_KNOWN;
        }
        if (known != NULL)
            failed = (uintptr_t)word->at;
        if (room->n_frames == deep || (room->n_frames == full && is_whole(room)))
            return TOO_DEEP;
        if (room->n_frames == full)
            return NO_ROOM;
        end = add_frame(walker, pc, &room->frames[room->n_frames++], words);
        if ((room->frames[room->n_frames - 1].flags & FRAME_COVERED) != 0)
            deep = room->n_frames + 2 * window(); /* what lies inside of it is not shown */
        if (end == WALK_NEEDS_LIBUNWIND)
            return NO_RULE;
        if (end == WALK_ON)
            continue;
        *ret_outside = (struct outside){
            .node = stack_tree_root(kind, epoch_module(), end == WALK_TRUNCATED), .go_on = UINTPTR_MAX};
        return FOUND_END;
    }
}

/* --- the new frames ----------------------------------------------------------------------------------------------- */

/* Gives the new frames their nodes, from the outside inward, and drops the words of rbp that nothing outside depends on. */
static void link_frames(struct stack_room *room, uint32_t first, struct outside *outside)
{
    uint32_t node = outside->node;
    unsigned outer = outside->flags;

    for (struct cached_frame *frame = &room->frames[room->n_frames]; frame-- > &room->frames[first];) {
        unsigned flags = frame->flags | (outer & (FRAME_COVERED | FRAME_CUT));

        if ((outer & FRAME_BP_MATTERS) == 0)
            flags &= ~WALK_READ_BP;
        if ((flags & WALK_USES_BP) != 0 || ((outer & FRAME_BP_MATTERS) != 0 && (flags & WALK_READ_BP) == 0))
            flags |= FRAME_BP_MATTERS;
        if ((flags & (FRAME_HIDDEN | FRAME_COVERED)) == 0)
            node = stack_tree_child(node, (frame->pc & ((1ul << STACK_KIND_SHIFT) - 1)) - ((flags & FRAME_AT_ADDRESS) == 0));
        frame->node = node;
        frame->flags = outer = flags;
    }
    outside->node = node;
    outside->flags = outer;
}

/* Moves the words that matter together, and makes the frames known. */
static void keep_frames(struct stack_room *room, uint32_t first, uintptr_t go_on)
{
    const struct stack_word *from = &room->words[room->n_words];
    struct stack_word *to = &room->words[room->n_words];

    for (uint32_t i = first; i < room->n_frames; i++, from += STACK_READS) {
        struct cached_frame *frame = &room->frames[i];

        frame->words = (unsigned)(to - room->words);
        if ((frame->flags & WALK_READ_PC) != 0)
            *to++ = from[0];
        if ((frame->flags & WALK_READ_SP) != 0)
            *to++ = from[1];
        if ((frame->flags & WALK_READ_BP) != 0)
            *to++ = from[2];
        *stack_room_index(room, frame->pc, frame->sp) = (uint16_t)(i + 1);
    }
    *to++ = (struct stack_word){.at = &stack_word_end, .value = go_on};
    room->n_words = (uint32_t)(to - room->words);
}

/* The first of the new frames that lies outside of all that is left out. */
static uint32_t first_shown(const struct stack_room *room, uint32_t first)
{
    uint32_t i = room->n_frames;

    while (i > first && (room->frames[i - 1].flags & FRAME_COVERED) == 0)
        i--;
    return i;
}

/* Of a stack that is too deep the inner three quarters are kept. */
static void cut(struct stack_room *room, uint32_t first, enum kind kind, struct outside *ret_outside)
{
    uint32_t kept = first_shown(room, first) + window() + window() / 2; /* it may become shorter, and longer */

    if (kept < room->n_frames)
        room->n_frames = kept;
    room->frames[room->n_frames - 1].flags &= FRAME_COVERED | FRAME_HIDDEN | FRAME_AT_ADDRESS;
    *ret_outside = (struct outside){
        .node = stack_tree_root(kind, epoch_module(), true), .flags = FRAME_CUT, .go_on = UINTPTR_MAX};
}

/* A stack that was cut must still have a whole window, and none may grow for ever. */
static bool has_good_depth(const struct stack_room *room, uint32_t first, const struct outside *outside)
{
    bool covered = (outside->flags & FRAME_COVERED) != 0;
    uint32_t depth = stack_tree_depth(outside->node) + (covered ? 0 : room->n_frames - first_shown(room, first));

    return depth <= 2 * window() && ((outside->flags & FRAME_CUT) == 0 || depth >= window());
}

static struct stack_leaf *pass(struct stack_cache *cache, struct site *site)
{
    struct stack_leaf *passing = &cache->leaves[STACK_LEAVES];

    tally_assign(&passing->tally, site);
    return site == NULL ? NULL : passing;
}

static struct stack_leaf *put_leaf(struct stack_cache *cache, enum kind kind, const struct walk_state *caller,
                                   const struct outside *outside, struct site *site)
{
    uintptr_t pc = caller->pc | (uintptr_t)kind << STACK_KIND_SHIFT;
    unsigned set = stack_cache_set(pc, caller->sp);
    struct stack_leaf *leaf = &cache->leaves[set * STACK_WAYS + cache->next_way++ % STACK_WAYS];

    cache->used_sets[set / 64] |= 1ull << set % 64;
    tally_assign(&leaf->tally, site);
    leaf->pc = pc;
    leaf->sp = caller->sp;
    leaf->bp = caller->bp;
    leaf->bp_matters = (outside->flags & FRAME_BP_MATTERS) != 0 ? UINTPTR_MAX : 0;
    leaf->words = (const struct stack_word *)outside->go_on;
    return leaf;
}

/* Takes over what the walk has found. */
static struct stack_leaf *finish(struct stack_cache *cache, enum kind kind, const struct walk_state *caller, bool keep,
                                 uint32_t first, struct outside *outside)
{
    struct stack_room *room = cache->room;
    struct site *site;

    link_frames(room, first, outside);
    site = site_table_of(outside->node, kind);
    if (!keep || site == NULL) {
        room->n_frames = first;
        return pass(cache, site);
    }
    if (room->n_frames > first) {
        if (room->n_frames > first + 1)
            stack_exit_learn(cache->exits, room->frames[first].pc, room->frames[first + 1].pc);
        keep_frames(room, first, outside->go_on);
        outside->go_on = (uintptr_t)&room->words[room->frames[first].words];
    }
    return put_leaf(cache, kind, caller, outside, site);
}

/* Starts again where the room or the depth of what is known does not do. */
static enum outcome walk_in_room(struct stack_cache *cache, enum kind kind, const struct walk_state *caller, struct outside *ret_outside,
                                 uint32_t *ret_first)
{
    for (unsigned tries = 0;; tries++) {
        struct stack_room *room = cache->room;
        uint32_t first = *ret_first = room->n_frames;
        enum outcome outcome;

        cache->walker = (struct walker)WALKER_AT(caller->pc, caller->sp, caller->bp, cache->bounds);
        outcome = walk(cache, kind, ret_outside);
        /* The walk itself may be the first to see that a module has come to the place of another. */
        if (outcome == FOUND_KNOWN && ((cache->code != epoch_code() && tries < TRIES_MAX) || !has_good_depth(room, first, ret_outside))) {
            room->n_frames = first;
            forget(cache);
        } else if (outcome == NO_ROOM) {
            bool was_empty = room->n_words == 0;

            room->n_frames = first;
            if (!grow(cache) && was_empty)
                return NO_ROOM;
        } else {
            return outcome;
        }
    }
}

__attribute__((noinline)) static struct stack_leaf *pass_by_libunwind(struct stack_cache *cache, enum kind kind)
{
    struct stack stack;

    if (!stack_by_libunwind(&cache->bounds, cache->pcs, &stack))
        return NULL;
    return pass(cache, site_table_intern(kind, &stack));
}

struct stack_leaf *stack_cache_walk(struct stack_cache *cache, enum kind kind, const struct walk_state *caller)
{
    struct outside outside = {0};
    struct stack_leaf *leaf;
    enum outcome outcome;
    uint32_t first;

    if (cache->code != epoch_code())
        forget(cache);
    if (cache->room == NULL && !grow(cache))
        return NULL;
    outcome = walk_in_room(cache, kind, caller, &outside, &first);
    if (outcome == NO_ROOM)
        return NULL;
    leaf = outcome == NO_RULE ? pass_by_libunwind(cache, kind) : NULL;
    if (leaf != NULL) {
        cache->room->n_frames = first;
        return leaf;
    }
    if (outcome == NO_RULE)
        outside = (struct outside){.node = stack_tree_root(kind, epoch_module(), true), .go_on = UINTPTR_MAX};
    if (outcome == TOO_DEEP)
        cut(cache->room, first, kind, &outside);
    return finish(cache, kind, caller, outcome != NO_RULE && !cache->walker.unrepeatable, first, &outside);
}
