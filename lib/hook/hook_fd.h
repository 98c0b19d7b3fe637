/* What descriptors have to do with signals. */
#ifndef LEAKTRACE_HOOK_HOOK_FD_H
#define LEAKTRACE_HOOK_HOOK_FD_H

#include <signal.h>

/* The program reads these signals from a descriptor. Defined by life/signal, a call upward. */
void hook_fd_signals_are_read(const sigset_t *set);

#endif
