/*
 * What the programs of the conformance suite share. Each is a family of cases: `FAMILY CASE` does one, and ends as the case says.
 * What the gate must find in each of them stands in ../verdicts.txt.
 *
 * A function that acquires is a SITE named site_...: by this name the table speaks of it. Pointers that a case means to keep are
 * kept in volatile variables; what it means to lose is lost by scrub().
 */
#ifndef LEAKTRACE_GATE_CASE_H
#define LEAKTRACE_GATE_CASE_H

#include "../../../specimens/specimen.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gate_case {
    const char *name;
    int (*run)(void);   /* returns the exit status, if it returns */
};

/* Of the family; the last one's name is NULL. */
extern const struct gate_case gate_cases[];

/* The process's own: the program, and the case. Known to constructors already. */
extern char **case_command;

/* Is this process to do that case? */
int case_is(const char *name);

/* Clears what functions that have returned left behind: the stack below the caller, and the registers that a callee may change. */
void scrub(void);

/* A block of `size` bytes, acquired in site_block. */
void *site_block(size_t size);

/* Starts a thread that runs `hold(argument)` and waits until it has called held(). The process does not join it. */
void hold_in_thread(void *(*hold)(void *), void *argument);

/* The same on a stack of `size` bytes that the program has taken. */
void hold_on_stack(void *(*hold)(void *), void *stack, size_t size);

/* For `hold`: tells hold_in_thread, and never returns. */
void held(void) __attribute__((noreturn));

/* Runs `run(argument)` in a thread and joins it. */
void in_thread(void *(*run)(void *), void *argument);

/* Waits until the kernel knows no thread of that number in this process; as long as the number is 0, it has not begun. */
void wait_until_gone(const volatile pid_t *thread);

/* A pointer that no search finds, and the way back. */
static inline uintptr_t hidden(void *pointer)
{
    return ~(uintptr_t)pointer;
}

static inline void *unhidden(uintptr_t number)
{
    return (void *)~number;
}

#ifdef __cplusplus
}
#endif

#endif
