/* The doctor's checks of a process. */
#ifndef LEAKTRACE_DOCTOR_PROCESS_H
#define LEAKTRACE_DOCTOR_PROCESS_H

#include <limits.h>
#include <stdbool.h>

struct findings;
struct options;

struct process {
    int pid;
    char exe[64];           /* /proc/PID/exe: the file itself, wherever it is now */
    char program[PATH_MAX]; /* its name, as the process sees it */
    bool shares_files;      /* it sees the same files under the same names as we do */
};

/* 0; or -errno with a line in `ret_why` when there is no such process, or it may not be looked into. A process that has
   no program (a thread of the kernel, a zombie) has an empty `program`, and a finding says so. */
int process_open(int pid, struct process *ret_process, struct findings *findings, char ret_why[256]);
/* Adds what a process says that is traced or has the library in it; false when there is nothing of leaktrace in it. */
bool process_examine_traced(const struct process *process, struct findings *findings);
/* Adds what will matter when the process is started again with leaktrace. */
void process_examine_bare(const struct process *process, const struct options *options, struct findings *findings);

#endif
