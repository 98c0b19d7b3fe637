/* measure FILE SECONDS [NAME=VALUE...] -- PROGRAM [ARG...]: runs PROGRAM with these variables set for it alone, and writes what
   it took into FILE, as JSON. A program that takes longer is killed. It is this small because the kernel counts what a process
   was before exec into its peak resident set. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void become(char **variables, char **program, const sigset_t *mask)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    for (; variables < program - 1; variables++)
        putenv(*variables);
    execvp(program[0], program);
    perror(program[0]);
    _exit(127);
}

/* Waits for the end of the child; returns whether it had to be killed. */
static int wait_for(pid_t child, const sigset_t *sigchld, long limit, int *ret_status, struct rusage *ret_usage)
{
    struct timespec rest = {.tv_sec = limit};
    int late = sigtimedwait(sigchld, NULL, &rest) < 0 && errno == EAGAIN;

    if (late)
        kill(child, SIGKILL);
    while (wait4(child, ret_status, 0, ret_usage) < 0 && errno == EINTR)
        ;
    return late;
}

int main(int argc, char **argv)
{
    int program = 3, status = 0, late;
    struct rusage usage;
    sigset_t sigchld, before;
    double start, wall;
    pid_t child;
    FILE *file;

    while (program < argc && strcmp(argv[program], "--") != 0)
        program++;
    if (argc < 5 || ++program >= argc)
        return 2;
    sigemptyset(&sigchld);
    sigaddset(&sigchld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &sigchld, &before);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    start = now();
    child = fork();
    if (child == 0)
        become(argv + 3, argv + program, &before);
    late = wait_for(child, &sigchld, atol(argv[2]), &status, &usage);
    wall = now() - start;
    file = fopen(argv[1], "w");
    if (file == NULL)
        return 1;
    fprintf(file, "{\"wall\": %.6f, \"cpu\": %.6f, \"rss\": %ld, \"late\": %d, \"code\": %d, \"pid\": %d}\n", wall,
            seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss * 1024L, late,
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), (int)child);
    return fclose(file) != 0;
}
