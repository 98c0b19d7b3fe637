/* Where libc's threads have their stacks: told by their control blocks (struct pthread), whose fields are found by what they
 * hold. */
#ifndef LEAKTRACE_REACH_THREAD_STACK_H
#define LEAKTRACE_REACH_THREAD_STACK_H

#include "reach/maps.h"
#include "reach/ranges.h"

#include <stdbool.h>
#include <stdint.h>

/* No struct pthread is larger; the last of a stack. */
#define THREAD_BLOCK_MAX 0xc00ul
/* Its own address, and the dtv's. */
#define THREAD_BLOCK_HEAD 16ul

/* The whole stack of the thread with this control block, guard included; false when it is not told, as of the first thread. */
bool thread_stack_find(struct maps *maps, uintptr_t tp, struct range *ret_stack);
/* The dtv that the control block points to, which lies 16 bytes inside of a heap block; 0: none. */
uintptr_t thread_stack_dtv(struct maps *maps, uintptr_t tp);

#endif
