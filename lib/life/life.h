/* The life of the library in its process: what the files of life/ share. */
#ifndef LEAKTRACE_LIFE_LIFE_H
#define LEAKTRACE_LIFE_LIFE_H

#include "base/options.h"

#include <stdbool.h>
#include <stdint.h>

enum life_stage {
    LIFE_UNTRACED,  /* not begun, or this program is not to be traced */
    LIFE_RECORDING, /* from the first call of a hook */
    LIFE_RUNNING,   /* from the library's constructor: dumps can be made */
    LIFE_ENDED,     /* the dump at exit has been made */
};

struct life {
    enum life_stage stage;
    struct options options;
};

extern struct life life;

/* life/limit: the most memory that leaktrace may use, in bytes. */
uint64_t limit_memory(const struct options *options);
/* life/signal: takes the dump signal if the program does not use it. */
void signal_take(int sig);
/* life/fork: the process was forked, and this is the child. Called by the handler of pthread_atfork. */
void fork_init(void);
/* life/namespace: ends leaktrace's thread for a call that must not meet it, and makes it anew behind the call if there was
   one; errno is kept. */
bool life_stop_thread(void);
void life_start_thread_again(bool stopped);
/* life/exit: makes the dump at exit, once. */
void exit_dump(const char *reason);

#endif
