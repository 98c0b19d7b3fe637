/*
 * What the program believes of its signals, and what stands there instead.
 *
 * Where the program has left a signal at its default, a handler of leaktrace's may stand in for it. The program asks and
 * changes as ever, and is told what it would be told without leaktrace; as soon as it wants the signal itself, it has it.
 */
#ifndef LEAKTRACE_LIFE_DISPOSITION_H
#define LEAKTRACE_LIFE_DISPOSITION_H

#include <signal.h>
#include <stdbool.h>

typedef void disposition_handler(int sig, siginfo_t *info, void *context);
/* Told when the program takes the signal, or gives it back. May be called in a signal handler. */
typedef void disposition_changed(bool ours);

/* Puts `handler` in the place of the signal's default, now if it is at its default, else when the program gives it back. Whether
   it is in place now. `changed` may be NULL. At the start only, once for each signal. */
bool disposition_stand_in(int sig, disposition_handler *handler, int flags, disposition_changed *changed);
/* Takes handlers out again, for good: the defaults are back. */
enum disposition_leaving {
    DISPOSITION_QUIET, /* those of which nobody is told */
    DISPOSITION_ALL,
};

void disposition_leave(enum disposition_leaving leaving);

#endif
