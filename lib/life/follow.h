/*
 * What a program that is executed finds in its environment: whether it is traced, too.
 *
 * With follow=exec it is given what this process was given, before what the caller gives it, which is never replaced. Without,
 * this library is taken out of LD_PRELOAD, and nothing else.
 */
#ifndef LEAKTRACE_LIFE_FOLLOW_H
#define LEAKTRACE_LIFE_FOLLOW_H

#include <stdbool.h>

/* Remembers what this process was given. Needs nothing of libc. */
void follow_init(char *const environment[]);
/* Without follow=exec: takes this library out of the process's own environment, which is all that libc's system() and popen()
   look at. */
void follow_clean_own(char **environment);

typedef int follow_call(const void *call, char *const environment[]);

/* Calls `function` with that environment, or with a copy that is as it should be, on the stack; returns what it returns. Safe in
   a child of vfork and in a signal handler. */
int follow_with(char *const environment[], follow_call *function, const void *call);

#endif
