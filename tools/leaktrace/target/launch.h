/* Running a program as if leaktrace were not there: its own standard streams, its own signals, its own exit status. */
#ifndef LEAKTRACE_TARGET_LAUNCH_H
#define LEAKTRACE_TARGET_LAUNCH_H

#include <signal.h>
#include <stdbool.h>

struct launch {
    int pid;
    int exec_error; /* errno of exec; 0: the program was started */
    int status;     /* exit status as a shell tells it: the program's own, or 128 + its signal */
    int signal;     /* that ended it; 0: none */
    bool ended;
    int taken_signal; /* set before launch_wait(): a signal that is not passed on, but taken; 0: none */
    unsigned n_taken; /* how often it has come */
    struct launch_signals {
        sigset_t mask; /* as it was before */
        sigset_t awaited;
        struct sigaction child_action; /* as it was before */
    } signals;
};

/* A change of the child's environment. */
struct launch_variable {
    const char *name;
    const char *value;
};

/* Starts it. 0, or -errno when there can be no child. Otherwise launch_wait() is called until it says that the program has
   ended, and then launch_finish(). */
int launch_start(char **argv, const struct launch_variable *variables, unsigned n_variables, struct launch *ret_launch);
/* Waits for its end, at most so long (negative: without end), or until the taken signal comes; whether it has ended. Signals
   that ask leaktrace to end, and SIGUSR1 and 2, are passed on; those that the terminal has sent to the whole foreground have
   reached the program already. */
bool launch_wait(struct launch *launch, int timeout_ms);
/* Puts signals back as they were. */
void launch_finish(struct launch *launch);

#endif
