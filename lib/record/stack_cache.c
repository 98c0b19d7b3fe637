/*
 * The cache of a thread's last stacks. Owns what is in its room; called by record/stack.
 *
 * A stack that is not among the leaves is walked as far as it differs from the last one that was (record/stack_trail), and
 * becomes the last one, and a leaf. The words of leaves stand in the room, where nothing is changed later. When it is full, all
 * is forgotten, and the next room is larger.
 */
#include "record/stack_cache.h"

#include "record/stack_room.h"
#include "record/stack_trail.h"
#include "record/stack_walk.h"

#include <stddef.h>
#include <string.h>

#define TRIES_MAX 3u

void stack_cache_init(struct stack_cache *cache)
{
    cache->tallies =
        (struct tally_block){.first = &cache->leaves[0].tally, .stride = sizeof(struct stack_leaf), .count = STACK_LEAVES + 1};
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
            struct stack_leaf *set =
                &cache->leaves[(word * 64 + (unsigned)__builtin_ctzll(cache->used_sets[word])) * STACK_WAYS];

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
    cache->code = epoch_code() - unwind_rule_is_suspended();
    if (room != NULL)
        stack_room_empty(room);
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

static struct stack_leaf *pass(struct stack_cache *cache, struct site *site)
{
    struct stack_leaf *passing = &cache->leaves[STACK_LEAVES];

    tally_assign(&passing->tally, site);
    return site == NULL ? NULL : passing;
}

/* A leaf has a site as long as it has an address: should the thread leave in the middle, it can be forgotten. */
static struct stack_leaf *put_leaf(struct stack_cache *cache, enum kind kind, const struct trail *trail,
                                   const struct stack_word *words, struct site *site)
{
    uintptr_t pc = cache->caller.pc | (uintptr_t)kind << STACK_KIND_SHIFT;
    unsigned set = stack_cache_set(pc, cache->caller.sp);
    struct stack_leaf *leaf = &cache->leaves[set * STACK_WAYS + cache->next_way++ % STACK_WAYS];

    cache->used_sets[set / 64] |= 1ull << set % 64;
    tally_assign(&leaf->tally, site);
    leaf->pc = pc;
    leaf->sp = cache->caller.sp;
    leaf->telling =
        trail->differs.at != NULL ? trail->differs : (struct stack_word){.at = &stack_word_end, .value = stack_word_end};
    leaf->words = words;
    return leaf;
}

/* The last stack's run of words, with those of its new frames. Where rbp matters to the leaf, it is compared where the hook has
   saved it. */
static const struct stack_word *end_words(struct stack_room *room, const struct trail *trail, const struct walk_state *caller)
{
    bool bp_matters = (room->last->flags & FRAME_BP_MATTERS) != 0;
    struct stack_word *first = &room->words[room->n_words + !bp_matters];

    if (trail->n_fresh == 0 && !bp_matters)
        return &room->words[room->last->words];
    if (bp_matters)
        *first = (struct stack_word){.at = &((const struct stack_frame *)caller->sp)[-1].bp, .value = caller->bp};
    room->words[trail->n_words] = (struct stack_word){
        .at = &stack_word_end,
        .value = trail->outside == room->end ? UINTPTR_MAX : (uintptr_t)&room->words[trail->outside->words],
    };
    room->n_words = trail->n_words + 1;
    return first;
}

/* Takes over what the walk has found. */
static struct stack_leaf *finish(struct stack_cache *cache, enum kind kind, const struct trail *trail, bool keep)
{
    struct stack_room *room = cache->room;
    struct site *site = site_table_of(trail_link(room, trail, keep), kind);

    if (!keep)
        return pass(cache, site);
    room->last = site == NULL ? room->end : trail->outside - trail->n_fresh;
    room->kind = kind;
    if (site == NULL)
        return pass(cache, NULL);
    if ((room->last->flags & FRAME_COVERED) != 0 && trail->n_fresh > 1)
        stack_exit_learn(cache->exits, room->last[0].pc, room->last[1].pc);
    return put_leaf(cache, kind, trail, end_words(room, trail, &cache->caller), site);
}

/* A stack that was cut must still have a whole window, and none may grow for ever. */
static bool has_good_depth(const struct trail *trail)
{
    uint32_t depth = trail_depth(trail);

    return depth <= 2 * trail_window() && ((trail->outside->flags & FRAME_CUT) == 0 || depth >= trail_window());
}

/* Starts again where the room or the depth of what is known does not do. */
static enum trail_outcome walk_in_room(struct stack_cache *cache, enum kind kind, struct trail *ret_trail)
{
    const struct walk_state *caller = &cache->caller;

    for (unsigned tries = 0;; tries++) {
        uint32_t code = epoch_code();
        struct stack_room *room = cache->room;
        enum trail_outcome outcome;

        if (cache->code != code)
            forget(cache);
        cache->walker = (struct walker)WALKER_AT(caller->pc, caller->sp, caller->bp, cache->bounds);
        outcome = trail_walk(room, &cache->walker, kind, ret_trail);
        if (outcome != TRAIL_NO_ROOM && code != epoch_code() && tries < TRIES_MAX)
            continue; /* the walk was the first to see that a module has come to the place of another */
        if (outcome == TRAIL_KNOWN && !has_good_depth(ret_trail)) {
            room->last = room->end;
        } else if (outcome == TRAIL_NO_ROOM) {
            bool was_empty = room->n_words == STACK_WORDS_NONE;

            if (!grow(cache) && was_empty)
                return TRAIL_NO_ROOM;
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
    struct stack_leaf *leaf = NULL;
    enum trail_outcome outcome;
    struct trail *trail = &cache->trail;

    cache->caller = *caller;
    if (cache->room == NULL && !grow(cache))
        return NULL;
    outcome = walk_in_room(cache, kind, trail);
    if (outcome == TRAIL_NO_ROOM)
        return NULL;
    if (outcome == TRAIL_NO_RULE)
        leaf = pass_by_libunwind(cache, kind);
    if (leaf != NULL)
        return leaf;
    if (outcome == TRAIL_TOO_DEEP)
        trail_cut(cache->room, trail);
    if (outcome != TRAIL_KNOWN) {
        cache->room->end->node = stack_tree_root(kind, epoch_module(), trail->is_truncated);
        cache->room->end->flags = outcome == TRAIL_TOO_DEEP ? FRAME_CUT : 0;
    }
    return finish(cache, kind, trail, outcome != TRAIL_NO_RULE && !cache->walker.unrepeatable);
}
