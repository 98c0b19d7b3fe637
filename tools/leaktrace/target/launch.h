/* Running a program as if leaktrace were not there: its own standard streams, its own signals, its own exit status. */
#ifndef LEAKTRACE_TARGET_LAUNCH_H
#define LEAKTRACE_TARGET_LAUNCH_H

struct launch {
    int pid;
    int exec_error; /* errno of exec; 0: the program was started */
    int status;     /* exit status as a shell tells it: the program's own, or 128 + its signal */
    int signal;     /* that ended it; 0: none */
};

/* A change of the child's environment. */
struct launch_variable {
    const char *name;
    const char *value;
};

/* Runs it and waits for its end. Signals that ask leaktrace to end, and SIGUSR1 and 2, are passed on; those that the
   terminal has sent to the whole foreground have reached the program already. 0, or -errno when there can be no child.
 */
int launch_program(char **argv, const struct launch_variable *variables, unsigned n_variables,
                   struct launch *ret_launch);

#endif
