/*
 * libunwind's walk of the calling thread's stack: slow, and able to follow every frame that has a table.
 *
 * Used for the frames that unwind rules cannot express, and as the checker of all others. libunwind gets its memory, registers
 * and tables from here (its "remote" interface), so that it neither enters the loader, nor probes addresses through pipes of
 * its own, nor guesses at frames without a table. It takes locks of its own while it walks.
 */
#ifndef LEAKTRACE_RECORD_STACK_LIBUNWIND_H
#define LEAKTRACE_RECORD_STACK_LIBUNWIND_H

#include <stdbool.h>
#include <stdint.h>

struct stack_libunwind_visitor {
    /* Reads a word of the stack; false when it cannot be read. */
    bool (*read)(void *context, uintptr_t addr, uintptr_t *ret_word);
    /* Receives the frames, innermost first: a return address, or, when `exact`, the next instruction; false to stop. */
    bool (*visit)(void *context, uintptr_t pc, bool exact);
    void *context;
};

/* Prepares libunwind; to be called once, from ordinary code (it allocates). */
void stack_libunwind_init(void);
/* Visits the frames from this function's own outward, to the last one that can be followed; false when libunwind cannot be used. */
bool stack_libunwind_walk(const struct stack_libunwind_visitor *visitor);

/* What a frame may still use of its thread's: the stack from here outward, and the registers that those further in had to preserve. */
struct stack_libunwind_frame {
    uintptr_t sp;
    uintptr_t registers[6];
};

/* The first frame from this function's own outward whose address `is_it` takes; false when there is none, or it cannot be found. */
bool stack_libunwind_find(bool (*is_it)(uintptr_t pc), struct stack_libunwind_frame *ret_frame);

/* In the child of fork: if another thread was in a walk, libunwind's locks may be held for ever, and it is not used again. */
void stack_libunwind_after_fork(void);

#endif
