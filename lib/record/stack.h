/*
 * Call stacks.
 *
 * A stack is captured by rules (record/unwind_rule), each frame from the one inside it, and ends in a function that declares
 * itself outermost (_start, the thread and context starts of libc). What cannot be followed to there is marked truncated; a
 * frame is never guessed. Reads stay within the thread's known stack or are asked of the kernel first. Takes no lock for
 * addresses that were seen before.
 */
#ifndef LEAKTRACE_RECORD_STACK_H
#define LEAKTRACE_RECORD_STACK_H

#include <stdbool.h>
#include <stdint.h>

#define STACK_DEPTH_MAX 512
#define STACK_BUFFER (2 * STACK_DEPTH_MAX) /* as many again for the checker */

struct stack;

/* The frame that called a hook: what is known in it. Made by STACK_CALLER in the hook itself. */
struct stack_frame {
    uintptr_t pc; /* the address that the hook returns to */
    uintptr_t sp; /* rsp when it has returned */
    uintptr_t bp; /* rbp of the caller */
};

/* A function that asks for its frame address keeps a frame pointer, which gives all three. */
#define STACK_CALLER stack_caller((const uintptr_t *)__builtin_frame_address(0))

static inline struct stack_frame stack_caller(const uintptr_t *frame)
{
    return (struct stack_frame){.pc = frame[1], .sp = (uintptr_t)(frame + 2), .bp = frame[0]};
}

/* The memory of a thread's stack; addresses outside of it are checked before they are read. */
struct stack_bounds {
    uintptr_t low;
    uintptr_t high;
};

/* Frames kept, from the leaf; 1 to STACK_DEPTH_MAX. */
void stack_set_depth(uint32_t depth);
/* Compare every N-th stack with libunwind's; 0: none. */
void stack_set_check(uint32_t every);
/* leaktrace's own code, whose frames are left out together with whatever ran inside them; and in it the routine that threads
   start in, which is left out alone. */
void stack_set_own_code(struct stack_bounds code, struct stack_bounds start_routine);

/* Finds where the stacks of makecontext end; to be called once, from ordinary code. Until then they are marked truncated. */
void stack_find_context_start(void);

/* The stack outward from `caller`. `pcs` has room for STACK_BUFFER and is what `ret_stack` points to. */
void stack_capture(const struct stack_frame *caller, const struct stack_bounds *bounds, uintptr_t *pcs, struct stack *ret_stack);

/* The bounds of the main thread's stack, and of a thread of `size` bytes of stack that runs now. */
struct stack_bounds stack_bounds_main(void);
struct stack_bounds stack_bounds_thread(uint64_t size);

#endif
