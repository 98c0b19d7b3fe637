/* The routines that threads start in, for whoever leaves its frames out of the stacks. */
#ifndef LEAKTRACE_HOOK_HOOK_THREAD_H
#define LEAKTRACE_HOOK_HOOK_THREAD_H

/* For pthread_create and thrd_create; alone in a section of this name, whose two ends the linker defines. */
#define THREAD_START_SECTION "leaktrace_start"

extern const char __start_leaktrace_start[] __attribute__((visibility("hidden")));
extern const char __stop_leaktrace_start[] __attribute__((visibility("hidden")));

/* The last thread of the program is about to end, with the main one gone: libc then ends the process, unless leaktrace's own
   thread is still there. Defined by life/exit, a call upward. */
void hook_thread_last_ends(void);
/* The first thread is about to end without libc. */
void hook_thread_first_ends(void);
/* A bare system call of one of the kinds in hook_syscall.S is about to be made. Defined by life/bare, a call upward. */
void hook_syscall_comes(long number, long first, long second, const void *third);
/* In the child of fork: there is one thread. */
void hook_thread_after_fork(void);

#endif
