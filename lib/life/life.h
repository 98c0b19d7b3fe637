/* The life of the library in its process: what the files of life/ share. */
#ifndef LEAKTRACE_LIFE_LIFE_H
#define LEAKTRACE_LIFE_LIFE_H

#include "base/options.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct text;

enum life_stage {
    LIFE_UNTRACED,  /* not begun, or this program is not to be traced */
    LIFE_RECORDING, /* from the first call of a hook */
    LIFE_RUNNING,   /* from the library's constructor: dumps can be made */
    LIFE_ENDED,     /* the dump at exit has been made */
    LIFE_LEFT,      /* a child of fork that is not to be traced, or what has forbidden itself what leaktrace needs */
};

struct life {
    enum life_stage stage;
    pid_t pid;
    struct options options;
};

extern struct life life;

/* life/init: false in a child that fork's handlers have not seen: of vfork, which shares the memory, or of a bare call. */
bool life_is_own_process(void);
/* life/init: this process itself, from its start to its last dump. */
bool life_is_tracing(void);
/* life/init: the program's environment, as it is now; and one of its variables, NULL if it is not there. */
char **life_environment(void);
const char *life_variable(const char *name);

/* life/limit: the most memory that leaktrace may use, in bytes. */
uint64_t limit_memory(const struct options *options);
/* life/company: leaves the heap to others who have it, after a line. */
void company_look(void);
struct sock_fprog;

/* life/confine: the program is about to give up system calls: those that this filter forbids, or nearly all. */
void confine_before_filter(const struct sock_fprog *filter);
void confine_before_strict(void);
/* life/confine: whether the process was given a filter of system calls before it began. */
bool confine_is_filtered(void);
/* life/signal: takes the dump signal if the program does not use it. */
void signal_take(int sig);
/* life/signal: looks whether the program blocks the dump signal. Every few seconds, in leaktrace's thread. */
void signal_watch(void);
/* life/blocked: whether, as far as can be seen, the signal comes to no thread of the program until one of them unblocks it. In
   leaktrace's thread. */
bool blocked_everywhere(int sig);
struct link_map;

/* life/converter: a stack runs through this module. */
void converter_look_at(const struct link_map *module);
void converter_after_fork(void);
/* life/fork: nothing of leaktrace's is left in the process but hooks that pass everything on. */
void life_leave(void);
/* life/test: notes for the dumps whose child the process is, and which test of a test suite it belongs to. */
void test_note(pid_t parent);
/* life/gate: sees to it that the option gate is heeded at the end of the process. */
void gate_init(void);
/* life/gate: the status that the process ends with, when it is to end with this one: that of the gate's verdict on the last dump, where
   the status is 0 and the verdict is another. */
int gate_status(int status);
/* life/fork: the process was forked, and this is the child. Called by the handler of pthread_atfork. */
void fork_init(void);
/* life/fork: starts leaktrace's thread in a child that has no thread yet, but has opened what is still open. Whether it has. */
bool fork_child_begins_late(void);
/* life/fork: whether this is a child of fork that has lived for less than a second: if it executes a program, that is all that it
   was made for, and not worth a dump. */
bool fork_child_is_young(void);
/* life/signal: adds the signal's name, without SIG. */
void signal_add_name(struct text *name, int sig);
/* life/fatal: lets handlers stand in where a signal would end the process. */
void fatal_init(void);
/* life/namespace: ends leaktrace's thread, if there is one, for a call that must not meet it, and makes it anew behind the call. Signals
   wait meanwhile; errno is kept. */
struct life_pause {
    bool stopped;
    sigset_t mask;
};

void life_stop_thread(struct life_pause *ret_pause);
void life_start_thread_again(const struct life_pause *pause);
/* For how many such calls it is away, in whatever threads. */
extern unsigned life_thread_is_away;
/* life/exit: makes the dump at exit, once. */
void exit_dump(const char *reason);
/* life/exit: the same in the handler of a signal that ends the process; `context` is what it was given. */
void exit_by_signal(const char *name, const void *context);
/* life/exit: makes the dump before another program takes the place of this one. Whether control_go_on() is due if it fails. */
bool exit_begin_exec(void);
/* life/exit: the process will end with its last thread, and nobody will call exit. */
void exit_comes_unseen(void);
/* life/exit: the process goes on after all, or this is a child. */
void exit_is_undone(void);

#endif
