/*
 * The stacks that a thread has captured last, so that most of the next one need not be walked again.
 *
 * For each frame that was walked the cache keeps the frame's state (pc, sp, and rbp where it matters) and the words of the
 * stack that the step to its caller has read, with their values. A step is a pure function of these and of the code, so a frame
 * of the same state whose words, and those of all frames outside of it, have the same values, has the same callers: they are
 * taken over after one comparison for each word (decisions/0007). What was read outside of the thread's known stack, or by
 * libunwind, is not kept.
 *
 * Used by its thread alone, inside the guard; only the tallies are read by others.
 */
#ifndef LEAKTRACE_RECORD_STACK_CACHE_H
#define LEAKTRACE_RECORD_STACK_CACHE_H

#include "record/stack.h"
#include "record/stack_exit.h"
#include "record/stack_room.h"
#include "record/stack_trail.h"
#include "store/epoch.h"
#include "store/kind.h"
#include "store/tally.h"

#include <stdbool.h>
#include <stdint.h>

#define STACK_SET_BITS 7
#define STACK_SETS (1u << STACK_SET_BITS)
#define STACK_WAYS 4u /* leaves of one set: the same call below different callers */
#define STACK_LEAVES (STACK_WAYS * STACK_SETS)
#define STACK_KIND_SHIFT 56 /* above all addresses of a program */

/* A whole stack that starts at a hook's caller. */
struct stack_leaf {
    uintptr_t pc; /* | kind << STACK_KIND_SHIFT; 0: none */
    uintptr_t sp;
    struct stack_word telling; /* told it from the stack before it: one that does not hold need not be compared as a whole */
    const struct stack_word *words;
    struct tally tally;
};

struct stack_cache {
    struct stack_bounds bounds; /* empty: unknown */
    uint32_t code;              /* epoch_code() when it was filled */
    struct stack_room *room;
    struct walk_state caller; /* of the walk under way, not on the program's stack */
    struct walker walker;
    struct trail trail;
    unsigned next_way;
    uint64_t used_sets[STACK_SETS / 64]; /* a bit for each: all other leaves are empty, and perhaps not in memory */
    struct stack_exit exits[STACK_EXITS];
    struct stack_leaf leaves[STACK_LEAVES + 1] __attribute__((aligned(64))); /* the last: for stacks that cannot be kept */
    struct tally_block tallies;
    uintptr_t pcs[STACK_BUFFER]; /* for libunwind */
};

/* Makes its tallies known; once in the life of a cache. */
void stack_cache_init(struct stack_cache *cache);
/* Forgets all that it holds; for another thread, with another stack. */
void stack_cache_reset(struct stack_cache *cache, struct stack_bounds bounds);
/* Who was using it will not go on: all is forgotten before the next use. */
void stack_cache_was_left(struct stack_cache *cache);
/* The stack outward from the caller of a hook, walked as far as it has to be; below it lies the hook's stack_frame. NULL when
   there is no memory. */
struct stack_leaf *stack_cache_walk(struct stack_cache *cache, enum kind kind, const struct walk_state *caller);

/* The number of this call's set: STACK_WAYS leaves. */
static inline unsigned stack_cache_set(uintptr_t pc, uintptr_t sp)
{
    return (unsigned)((pc ^ sp << 20) * 0x9e3779b97f4a7c15u >> (64 - STACK_SET_BITS));
}

/* The stack outward from the caller of the hook with this frame if it is a known one; else NULL. */
WALK_READS_STACK static inline struct stack_leaf *stack_cache_find(struct stack_cache *cache, enum kind kind,
                                                                   const struct stack_frame *hook)
{
    uintptr_t pc = hook->pc | (uintptr_t)kind << STACK_KIND_SHIFT;
    uintptr_t sp = (uintptr_t)(hook + 1);
    struct stack_leaf *leaf = &cache->leaves[stack_cache_set(pc, sp) * STACK_WAYS];
    const struct stack_word *word;

    if (__builtin_expect(cache->code != epoch_code(), 0))
        return NULL;
    for (unsigned way = 0; way < STACK_WAYS; way++, leaf++)
        if (leaf->pc == pc && leaf->sp == sp && *leaf->telling.at == leaf->telling.value &&
            stack_words_hold(leaf->words, &word))
            return leaf;
    return NULL;
}

/* For stack_capture() alone: takes the slow way, and checks. `leaf` is what was found, or NULL. */
struct stack_leaf *stack_capture_slowly(struct stack_cache *cache, enum kind kind, const struct stack_frame *hook,
                                        struct stack_leaf *leaf);

/* The stack outward from the caller of the hook with this frame, good until the next call. NULL when there is no memory. */
static inline struct stack_leaf *stack_capture(struct stack_cache *cache, enum kind kind, const struct stack_frame *hook)
{
    struct stack_leaf *leaf = stack_cache_find(cache, kind, hook);

    return __builtin_expect(leaf != NULL && stack_check_every == 0, 1) ? leaf : stack_capture_slowly(cache, kind, hook, leaf);
}

#endif
