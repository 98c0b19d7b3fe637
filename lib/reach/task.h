/* Whether a thread that was sent a signal will take it, as far as the kernel tells (/proc/self/task/TID/status). */
#ifndef LEAKTRACE_REACH_TASK_H
#define LEAKTRACE_REACH_TASK_H

#include <sys/types.h>

enum task_hope {
    TASK_GONE,   /* it has ended, or is about to */
    TASK_BLOCKS, /* not as long as it blocks the signal */
    TASK_COMES,
};

enum task_hope task_look(pid_t tid, int sig);

#endif
