/*
 * Call stacks.
 *
 * A stack is captured by rules (record/stack_walk), each frame from the one inside it, as far as it is not the same as one that
 * the thread has captured before (record/stack_cache). It ends in a function that declares itself outermost (_start, the thread
 * and context starts of libc). What cannot be followed to there is marked truncated; a frame is never guessed. Takes no lock for
 * addresses and stacks that were seen before.
 */
#ifndef LEAKTRACE_RECORD_STACK_H
#define LEAKTRACE_RECORD_STACK_H

#include "record/stack_walk.h"
#include "store/kind.h"
#include "store/site_table.h"

#include <stdbool.h>
#include <stdint.h>

#define STACK_BUFFER (2 * SITE_DEPTH_MAX) /* for libunwind's walk, and as many again for what it is compared with */

/* A hook's frame, as it lies on the stack: a function that asks for its frame address keeps a frame pointer. It tells all that
   is known of the frame that called the hook. */
struct stack_frame {
    uintptr_t bp; /* rbp of the caller */
    uintptr_t pc; /* the address that the hook returns to; behind it the caller's frame begins */
};

#define STACK_CALLER ((const struct stack_frame *)__builtin_frame_address(0))

/* Compare every N-th stack with libunwind's; 0: none. */
void stack_set_check(uint32_t every);
extern uint32_t stack_check_every;

/* The same stack by libunwind, from inside the hook outward; the hook's own frame makes it forget what is inside. `pcs` has
   room for SITE_DEPTH_MAX. False when libunwind cannot be used. */
bool stack_by_libunwind(const struct stack_bounds *bounds, uintptr_t *pcs, struct stack *ret_stack);

/* The bounds of the main thread's stack, and of a thread of `size` bytes of stack that runs now. */
struct stack_bounds stack_bounds_main(void);
struct stack_bounds stack_bounds_thread(uint64_t size);

#endif
