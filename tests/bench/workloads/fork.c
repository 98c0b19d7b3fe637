/* fork BLOCKS: makes so many live blocks of 16 bytes and says "ready PID". At each line of standard input it forks a child, which ends
   at once, and prints how many nanoseconds the call took: of the processor, which what else runs disturbs less, and by the clock. Ends
   with its input. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void fork_once(void)
{
    long start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID), took;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
    took = now(CLOCK_MONOTONIC) - start;
    if (child < 0 || waitpid(child, NULL, 0) != child)
        abort();
    printf("%ld %ld\n", cpu, took);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    for (long i = argc == 2 ? atol(argv[1]) : 0; i > 0; i--) {
        char *block = malloc(16);
        if (block == NULL)
            abort();
        block[0] = 1;
    }
    printf("ready %d\n", getpid());
    fflush(stdout);
    for (int c = getchar(); c != EOF; c = getchar())
        if (c == '\n')
            fork_once();
    return 0;
}
