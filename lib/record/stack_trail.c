/*
 * The walk as far as it differs. Owns nothing but what it writes into the room; called by record/stack_cache.
 *
 * Which words of rbp are compared: a step that restores rbp leaves its word aside (struct trail_bp) and goes on; only a step
 * further out that uses rbp has it put among the words, behind those of the frame that read it.
 */
#include "record/stack_trail.h"

#include "store/site_table.h"

#include <stddef.h>

#define WINDOW_MIN 256u

uint32_t trail_window(void)
{
    return (site_depth() > WINDOW_MIN ? site_depth() : WINDOW_MIN) + 1; /* one may be hidden */
}

/* How many new frames there is room for, with rbp's word before them and an end behind them. */
static uint32_t room_left(const struct stack_room *room)
{
    uint32_t by_words = room->n_words + 2 <= room->max_words ? (room->max_words - room->n_words - 2) / STACK_READS : 0;

    return room->max_frames < by_words ? room->max_frames : by_words;
}

/* The largest room, and all of it: to forget what it holds would not help. */
static bool is_whole(const struct stack_room *room)
{
    return room->level == STACK_ROOM_LEVELS - 1 && room->n_words == STACK_WORDS_NONE;
}

/* rbp, which is `value` there, matters to what lies outside of `frame` or to its own step. Returns the end of the words. */
static struct stack_word *use_bp(struct trail_bp *saved, struct stack_trail_frame *frame, uintptr_t value,
                                 struct stack_word *word)
{
    struct stack_trail_frame *inner = frame;

    for (; inner > saved->from && (inner->flags & FRAME_BP_MATTERS) == 0; inner--) {
        inner->flags |= FRAME_BP_MATTERS;
        inner->bp = value;
    }
    if (saved->room == NULL)
        return word;
    for (struct stack_word *to = word; to > saved->room; to--)
        *to = to[-1];
    *saved->room = (struct stack_word){.at = saved->at, .value = value};
    saved->room = NULL;
    for (inner = frame; inner > saved->from; inner--)
        inner->words++;
    return word + 1;
}

static unsigned flags_of(uintptr_t address, uintptr_t pc)
{
    unsigned flags = address == pc ? FRAME_AT_ADDRESS : 0;

    if (pc == 0)
        return FRAME_HIDDEN; /* where nothing was called, or a stack made by hand begins: no place in the program */
    switch (walk_frame_kind(address)) {
    case WALK_FRAME_SHOWN:
        break;
    case WALK_FRAME_INSIDE:
        flags |= FRAME_COVERED;
        break;
    case WALK_FRAME_HIDDEN:
        flags |= FRAME_HIDDEN;
        break;
    }
    return flags;
}

/* A step that is not of the usual kind, or the last. The words that it has read are added. */
static __attribute__((noinline)) enum walk_end step_slowly(struct walker *walker, struct trail_bp *saved,
                                                           struct stack_trail_frame *frame, uintptr_t pc, uintptr_t sp,
                                                           uintptr_t bp)
{
    struct walk_reads *reads = &walker->reads;
    uintptr_t address;
    enum walk_end end;

    walker->state = (struct walk_state){.pc = pc, .sp = sp, .bp = bp};
    walker->unrepeatable |= pc >= STACK_PC_EXACT; /* no program's address, and no room to say whether it is exact */
    end = walk_step(walker, &address, reads);
    frame->flags |= flags_of(address, pc);
    if (end != WALK_ON)
        return end;
    if ((reads->what & WALK_USES_BP) != 0)
        saved->end = use_bp(saved, frame, bp, saved->end);
    if ((reads->what & WALK_READ_PC) != 0)
        *saved->end++ = (struct stack_word){.at = reads->pc, .value = walker->state.pc};
    if ((reads->what & WALK_READ_SP) != 0)
        *saved->end++ = (struct stack_word){.at = reads->sp, .value = walker->state.sp};
    if ((reads->what & WALK_READ_BP) != 0)
        *saved = (struct trail_bp){.from = frame, .room = saved->end, .at = reads->bp, .end = saved->end};
    return end;
}

static uint16_t index_of(const struct stack_room *room, const struct stack_word *word)
{
    return (uint16_t)(word - room->words);
}

/* Whether this frame of the last stack is in the state of the walk. */
static inline bool is_same(const struct stack_room *room, const struct stack_trail_frame *known, uintptr_t pc, uintptr_t bp)
{
    return known->pc == pc && known != room->end && ((known->flags & FRAME_BP_MATTERS) == 0 || known->bp == bp);
}

/* The frame whose step has read this word of the last stack, `known` or one outside of it. What lies further out was written
   down earlier, except where it was in the same walk. */
static const struct stack_trail_frame *reader_of(const struct stack_room *room, const struct stack_trail_frame *known,
                                                 const struct stack_word *word)
{
    uint32_t at = index_of(room, word), ahead = at - known->words;

    if (ahead < (uint32_t)(room->end - known) && known[ahead].words == at)
        return &known[ahead]; /* all frames in between have read one word each */
    for (const struct stack_trail_frame *frame = known; frame < room->end; frame++)
        if (at >= frame->words && (frame[1].words <= frame->words || at < frame[1].words))
            return frame;
    return known;
}

/* Takes frames over from the last stack with their words, from `known` on, but none from `limit` on, which are in the same
   states: while their steps are usual ones. Returns how many. */
static __attribute__((noinline)) uint32_t take_over(const struct stack_room *room, const struct stack_trail_frame *known,
                                                    const struct stack_trail_frame *limit, struct stack_trail_frame *frame,
                                                    struct trail_bp *saved)
{
    const struct stack_trail_frame *first = known;
    const struct stack_word *from = &room->words[known->words];
    struct stack_trail_frame *saver = NULL;
    struct stack_word *word = saved->end;
    uint16_t ahead = (uint16_t)(word - from);

    /* Words behind the first of the next frame are not of the same run. */
    for (; known < limit && (known->flags & FRAME_USUAL) != 0 && known[1].words > known->words; known++, frame++) {
        *frame = *known;
        frame->words += ahead;
        frame->flags &= FRAME_USUAL | FRAME_SAVES_BP | FRAME_BP_MATTERS;
        if ((known->flags & FRAME_SAVES_BP) != 0)
            saver = frame;
    }
    for (; known > first && from < &room->words[known->words]; from++)
        *word++ = *from;
    if (saver != NULL) {
        struct stack_word *read = &room->words[saver->words], *next = saver + 1 == frame ? word : &room->words[saver[1].words];
        const struct unwind_slot *slot = unwind_rule_slot(unwind_rules_get(), saver->pc - 1);

        if (slot == NULL || slot->rule.rbp_at == UNWIND_RBP_SAME)
            return 0; /* the code has just gone */
        saved->from = saver;
        saved->room = next == read + 1 ? next : NULL;
        saved->at = (const uintptr_t *)((uintptr_t)(read->at + 1) + (uintptr_t)(intptr_t)slot->rule.rbp_at);
    }
    saved->end = word;
    return (uint32_t)(known - first);
}

static inline __attribute__((always_inline)) bool is_deep(const struct stack_room *room, const struct trail_place *place)
{
    return is_whole(room) || place->limit < room->fresh + room_left(room);
}

/* How many frames from here on there may be. */
static struct stack_trail_frame *limit_at(const struct stack_room *room, struct stack_trail_frame *frame)
{
    struct stack_trail_frame *full = room->fresh + room_left(room), *deep = frame + 2 * trail_window();

    return deep < full ? deep : full;
}

static uintptr_t high_at(const struct stack_bounds *bounds, uintptr_t sp)
{
    return walk_is_within(bounds, sp - sizeof(uintptr_t)) ? bounds->high : 0;
}

/* Whether all that is outside of `known`, which is in the walk's state, is as it was. If not, it is up to `same`. */
WALK_READS_STACK static inline __attribute__((always_inline)) bool holds(const struct stack_room *room, struct trail_place *at,
                                                                         struct stack_word *ret_differs)
{
    const struct stack_word *word;

    if (at->sp <= at->failed)
        return false;
    if (stack_words_hold(&room->words[at->known->words], &word))
        return true;
    at->failed = (uintptr_t)word->at;
    at->same = reader_of(room, at->known, word);
    *ret_differs = (struct stack_word){.at = word->at, .value = *word->at};
    return false;
}

/* Goes on in the last stack as far as that is the same. */
WALK_READS_STACK static inline __attribute__((always_inline)) bool follow(const struct stack_room *room, struct trail_bp *saved,
                                                                          struct trail_place *at)
{
    const struct stack_trail_frame *limit =
        at->same - at->known < at->limit - at->frame ? at->same : at->known + (at->limit - at->frame);
    uint32_t taken;

    if (at->known >= limit)
        return false;
    if ((at->known->flags & FRAME_BP_MATTERS) != 0)
        at->word = use_bp(saved, at->frame - 1, at->bp, at->word);
    saved->end = at->word;
    taken = take_over(room, at->known, limit, at->frame, saved);
    if (taken == 0)
        return false;
    if (saved->from >= at->frame)
        at->bp = *saved->at;
    at->word = saved->end;
    at->frame += taken;
    at->known += taken;
    at->pc = at->known->pc;
    at->sp = at->known->sp;
    return true;
}

/* A step by a rule of the usual kinds, within the stack. False, and nothing is changed, where it cannot be made so. */
WALK_READS_STACK static inline __attribute__((always_inline)) bool step_usually(const struct unwind_rules *rules,
                                                                                struct trail_bp *saved, struct trail_place *at)
{
    const struct unwind_slot *slot = unwind_rule_slot(rules, at->pc - 1);
    struct unwind_rule rule;
    uintptr_t cfa, bp_at;

    if (__builtin_expect(slot == NULL, 0))
        return false;
    rule = slot->rule;
    cfa = (rule.kind == UNWIND_RSP ? at->sp : at->bp) + (uintptr_t)(intptr_t)rule.cfa;
    bp_at = cfa + (uintptr_t)(intptr_t)rule.rbp_at;
    if (__builtin_expect(
            (rule.kind != UNWIND_RSP && rule.kind != UNWIND_RBP) || cfa <= at->sp || cfa > at->high || cfa % 8 != 0, 0))
        return false;
    if (rule.rbp_at != UNWIND_RBP_SAME && __builtin_expect(bp_at - at->sp >= cfa - at->sp || bp_at % 8 != 0, 0))
        return false;
    at->frame->flags = FRAME_USUAL;
    if (rule.kind == UNWIND_RBP)
        at->word = use_bp(saved, at->frame, at->bp, at->word);
    at->sp = cfa;
    at->pc = ((const uintptr_t *)cfa)[-1];
    at->word->at = (const uintptr_t *)cfa - 1;
    at->word->value = at->pc;
    at->word++;
    if (rule.rbp_at == UNWIND_RBP_SAME)
        return true;
    at->frame->flags |= FRAME_SAVES_BP;
    at->bp = *(const uintptr_t *)bp_at;
    saved->from = at->frame;
    saved->room = at->word;
    saved->at = (const uintptr_t *)bp_at;
    return true;
}

/* Neither leaktrace's own nor one that was made by makecontext alone. */
static inline __attribute__((always_inline)) bool is_usual(const struct trail_place *at)
{
    return at->exact == 0 && at->pc != walk_settings.context_start && walk_frame_kind(at->pc - 1) == WALK_FRAME_SHOWN;
}

static enum walk_end step_otherwise(const struct stack_room *room, struct walker *walker, struct trail_bp *saved,
                                    struct trail_place *at)
{
    enum walk_end end;

    saved->end = at->word;
    end = step_slowly(walker, saved, at->frame, at->pc, at->sp, at->bp);
    at->word = saved->end;
    at->pc = walker->state.pc;
    at->sp = walker->state.sp;
    at->bp = walker->state.bp;
    at->exact = walker->exact ? STACK_PC_EXACT : 0;
    at->high = high_at(&walker->bounds, at->sp);
    if ((at->frame->flags & FRAME_COVERED) != 0) {
        at->shown = at->frame + 1;
        at->limit = limit_at(room, at->frame + 1);
    }
    at->frame++;
    return end;
}

/* As far as steps are usual. TRAIL_END: the next one is not. A function of its own, so that what it keeps on the program's
   stack is not below what other steps need. */
WALK_READS_STACK static __attribute__((noinline)) enum trail_outcome go_on(const struct stack_room *room, struct trail *trail)
{
    const struct unwind_rules *rules = unwind_rules_get();
    enum trail_outcome outcome = TRAIL_END;
    struct trail_place at = trail->place;

    for (;; at.frame++) {
        while (at.known->sp < at.sp)
            at.known++;
        while (at.known->sp == at.sp && is_same(room, at.known, at.pc + at.exact, at.bp) && outcome == TRAIL_END)
            if (holds(room, &at, &trail->differs))
                outcome = TRAIL_KNOWN;
            else if (!follow(room, &trail->bp, &at))
                break;
        if (outcome == TRAIL_END && at.frame == at.limit)
            outcome = is_deep(room, &at) ? TRAIL_TOO_DEEP : TRAIL_NO_ROOM;
        if (outcome != TRAIL_END)
            break;
        at.frame->pc = at.pc + at.exact;
        at.frame->sp = at.sp;
        at.frame->words = index_of(room, at.word);
        at.frame->flags = 0;
        if (!is_usual(&at) || !step_usually(rules, &trail->bp, &at))
            break;
    }
    trail->place = at;
    return outcome;
}

static __attribute__((noinline)) void begin(const struct stack_room *room, const struct walker *walker, enum kind kind,
                                            struct trail *ret_trail)
{
    *ret_trail = (struct trail){
        .outside = room->end,
        .bp.from = room->fresh - 1,
        .place = {.pc = walker->state.pc,
                  .sp = walker->state.sp,
                  .bp = walker->state.bp,
                  .high = high_at(&walker->bounds, walker->state.sp),
                  .frame = room->fresh,
                  .shown = room->fresh,
                  .limit = limit_at(room, room->fresh),
                  .word = &room->words[room->n_words + 1], /* behind one for rbp */
                  .known = room->kind == kind ? room->last : room->end,
                  .same = room->last},
    };
}

enum trail_outcome trail_walk(struct stack_room *room, struct walker *walker, enum kind kind, struct trail *ret_trail)
{
    struct trail_place *at = &ret_trail->place;
    enum trail_outcome outcome = TRAIL_NO_ROOM;
    enum walk_end end = WALK_ON;

    begin(room, walker, kind, ret_trail);
    if (at->limit > room->fresh)
        while (end == WALK_ON && (outcome = go_on(room, ret_trail)) == TRAIL_END)
            end = step_otherwise(room, walker, &ret_trail->bp, at);
    if (outcome == TRAIL_KNOWN) {
        ret_trail->outside = (struct stack_trail_frame *)at->known;
        if ((at->known->flags & FRAME_BP_MATTERS) != 0)
            at->word = use_bp(&ret_trail->bp, at->frame - 1, at->bp, at->word);
    }
    ret_trail->is_truncated = end != WALK_COMPLETE;
    ret_trail->n_fresh = room->n_fresh = (uint32_t)(at->frame - room->fresh);
    ret_trail->n_covered = (uint32_t)(at->shown - room->fresh);
    ret_trail->n_words = index_of(room, at->word);
    if (ret_trail->n_fresh + (room->end - ret_trail->outside) > room->max_frames)
        return TRAIL_NO_ROOM;
    return end == WALK_NEEDS_LIBUNWIND ? TRAIL_NO_RULE : outcome;
}

/* The last one kept says nothing of its caller. */
void trail_cut(struct stack_room *room, struct trail *trail)
{
    uint32_t kept = trail->n_covered + trail_window() + trail_window() / 2; /* it may become shorter, and longer */

    if (kept < trail->n_fresh) {
        trail->n_words = room->fresh[kept - 1].words;
        trail->n_fresh = kept;
    }
    trail->is_truncated = true;
    trail->outside = room->end;
}

uint32_t trail_depth(const struct trail *trail)
{
    bool covered = (trail->outside->flags & FRAME_COVERED) != 0;

    return stack_tree_depth(trail->outside->node) + (covered ? 0 : trail->n_fresh - trail->n_covered);
}

uint32_t trail_link(struct stack_room *room, const struct trail *trail, bool keep)
{
    struct stack_trail_frame *from = &room->fresh[trail->n_fresh], *to = keep ? trail->outside : from;
    struct stack_tree_cursor cursor = stack_tree_cursor(trail->outside->node);
    unsigned outer = trail->outside->flags & (FRAME_COVERED | FRAME_CUT);

    while (from-- > room->fresh) {
        unsigned flags = from->flags | outer;

        if (__builtin_expect((flags & (FRAME_HIDDEN | FRAME_COVERED | FRAME_AT_ADDRESS)) == 0, 1))
            stack_tree_descend(&cursor, from->pc - 1);
        else if ((flags & (FRAME_HIDDEN | FRAME_COVERED)) == 0)
            stack_tree_descend(&cursor, from->pc & ~STACK_PC_EXACT);
        *--to = *from;
        to->node = cursor.node;
        to->flags = (uint16_t)flags;
        outer = flags & (FRAME_COVERED | FRAME_CUT);
    }
    return cursor.node;
}
