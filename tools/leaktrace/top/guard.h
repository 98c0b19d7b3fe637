/*
 * A process that gives the terminal back when the program cannot: after SIGKILL.
 *
 * It does nothing but wait, in a process group of its own, and ends with the program.
 */
#ifndef LEAKTRACE_TOP_GUARD_H
#define LEAKTRACE_TOP_GUARD_H

#include <stdbool.h>

struct termios;

/* Starts it. What it does if need be: writes `leave` to standard output, and sets `before` where the settings are still
   `ours`. Failing to start it is no failure: there is then no help after SIGKILL. */
void guard_start(const struct termios *before, const struct termios *ours, const char *leave);
/* Tells it whether the terminal is to be given back if the program ends now. Also in signal handlers. */
void guard_tell(bool is_ours);

#endif
