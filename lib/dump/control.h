/*
 * leaktrace's own thread: it waits for what triggers a dump, and makes it.
 *
 * Triggers are the dump signal (its handler only wakes the thread), the interval, the checkpoint, thresholds, the warmup, requests of the command
 * (base/control.h), the C interface, and the end of the process.
 */
#ifndef LEAKTRACE_DUMP_CONTROL_H
#define LEAKTRACE_DUMP_CONTROL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct options;

struct control_actions {
    /* The real pthread_create: the thread is not the program's. */
    int (*create_thread)(pthread_t *ret_thread, const pthread_attr_t *attr, void *(*routine)(void *), void *argument);
    /* First in the new thread: nothing that it does is recorded. */
    void (*never_record)(void);
    /* Sets the growth mark in the store. */
    void (*mark)(void);
    /* Looks, every few seconds, at what the program does without telling. */
    void (*watch)(void);
};

void control_init(const struct options *options, const struct control_actions *actions);
/* Starts the thread if there is none. False, after a line, when it cannot be started. */
bool control_start(void);
/* Ends the thread and waits until the kernel has forgotten it, at most a second: one that hangs then stays. Nothing if there is
   none. */
void control_stop(void);
/* Ends the thread for good: libc ends the process with its last thread, and this must not be one of them. The dump at exit is
   then made by the thread that exits. */
void control_give_way(void);
/* Whether the thread was started in this process. */
bool control_has_begun(void);
/* What the status says of the dump signal: a name, "none", "taken by the program", "blocked by the program".
   A constant. */
void control_set_signal_state(const char *state);

/* Asks for a dump; safe in a signal handler. `reason` is a constant. */
void control_request_dump(const char *reason);
/* The same, and waits until it is written, at most 30 s. For the C interface. */
void control_dump_and_wait(const char *reason);
/* The end of the process: one more dump, or none if `reason` is NULL; then the checkpoint, the status file and the thread go. Waits
   at most 30 s, and 10 s where the writing does not get on, whatever becomes of the files. */
void control_end(const char *reason);
/* The process is about to be another program, or to be killed: the same, but the thread stands still behind it, so that nothing is
   cut off half written. Waits at most so long. False, with nothing done, when there is no thread. Safe in a signal handler, also on
   a small stack. */
bool control_hold(const char *reason, bool is_exec, int64_t patience_ns);
/* The process goes on after all. */
void control_go_on(void);
/* Sets the growth mark now. */
void control_mark(void);

/* In the child of fork: there is no thread any more. */
void control_after_fork(pid_t parent);

#endif
