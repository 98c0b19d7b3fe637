/* The stacks of threads. Owns nothing; called by reach/roots. */
#include "reach/thread_stack.h"

#define PAGE 4096ul
#define DTV_AT 8u /* in the head of a control block, which the ABI fixes: itself, the dtv, itself */

/* Where it begins and how large it is stand side by side. No stack is as large as its address is high: else the number of a thread, when it
   is small, and the pointer into the block behind it would do. */
bool thread_stack_find(struct maps *maps, uintptr_t tp, struct range *ret_stack)
{
    uint64_t start, size;

    for (uintptr_t at = tp; at < tp + THREAD_BLOCK_MAX; at += sizeof(uint64_t)) {
        if (!maps_word(maps, at, &start) || !maps_word(maps, at + sizeof(uint64_t), &size))
            return false;
        if (size < start && start < tp && size % 8 == 0 && size >= 4 * PAGE && tp < start + size &&
            start + size - tp <= THREAD_BLOCK_MAX + PAGE) {
            *ret_stack = (struct range){start, start + size};
            return true;
        }
    }
    return false;
}

uintptr_t thread_stack_dtv(struct maps *maps, uintptr_t tp)
{
    uint64_t dtv;

    return maps_word(maps, tp + DTV_AT, &dtv) ? dtv : 0;
}
