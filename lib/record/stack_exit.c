/* Known ways out of hooks. Owns nothing; called by record/stack and record/stack_cache. */
#include "record/stack_exit.h"

#include "record/unwind_rule.h"

static unsigned index_of(uintptr_t pc)
{
    return (pc ^ pc >> 4 ^ pc >> 8) % STACK_EXITS;
}

void stack_exit_learn(struct stack_exit *exits, uintptr_t inner_pc, uintptr_t own_pc)
{
    struct unwind_rule inner, own;

    if (walk_frame_kind(own_pc) != WALK_FRAME_INSIDE)
        return;
    inner = unwind_rule_get(inner_pc - 1);
    own = unwind_rule_get(own_pc - 1);
    if (inner.kind != UNWIND_RSP || own.kind != UNWIND_RBP || own.cfa != sizeof(struct stack_frame) ||
        own.rbp_at != -(int)sizeof(struct stack_frame))
        return;
    exits[index_of(inner_pc)] = (struct stack_exit){
        .pc = inner_pc,
        .own_pc = own_pc,
        .own_pc_at = inner.cfa - 8,
        .bp_at = inner.rbp_at == UNWIND_RBP_SAME ? UNWIND_RBP_SAME : inner.cfa + inner.rbp_at,
    };
}

static bool is_within(uintptr_t addr, const struct stack_bounds *bounds)
{
    return addr - bounds->low < bounds->high - sizeof(struct stack_frame) - bounds->low && (addr & 7) == 0;
}

WALK_READS_STACK const struct stack_frame *stack_exit_find(const struct stack_exit *exits, const struct stack_bounds *bounds,
                                                           const struct stack_frame *hook)
{
    const struct stack_exit *way = &exits[index_of(hook->pc)];
    uintptr_t sp = (uintptr_t)(hook + 1), bp = hook->bp;
    uintptr_t own_pc_at = sp + (uintptr_t)(intptr_t)way->own_pc_at;

    if (way->pc != hook->pc || !is_within(sp, bounds) || !is_within(own_pc_at, bounds) ||
        *(const uintptr_t *)own_pc_at != way->own_pc)
        return hook;
    if (way->bp_at != UNWIND_RBP_SAME)
        bp = *(const uintptr_t *)(sp + (uintptr_t)(intptr_t)way->bp_at);
    return bp > own_pc_at && is_within(bp, bounds) ? (const struct stack_frame *)bp : hook;
}
