/* dump SITES BLOCKS: makes so many live blocks of 16 bytes, spread over so many stacks, and says "ready PID". Then one thread
   allocates and frees all the time. At each line of standard input it prints, in microseconds, the longest that one malloc and
   free has taken since the last, and how many there were. Ends with its input. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic long longest_ns, pairs;
static _Atomic int over;

static long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Ten ways at each of so many calls; the number's digits say which. */
__attribute__((noipa)) static void make(long number, int calls, long blocks)
{
/* The text differs, so that the compiler does not make one call of all. */
#define WAY(n)                                                                                                                 \
    case n:                                                                                                                    \
        make(number / 10, calls - 1, blocks);                                                                                  \
        __asm__ volatile("# way " #n ::: "memory");                                                                            \
        break;
    if (calls == 0)
        for (long i = 0; i < blocks; i++) {
            char *block = malloc(16);
            if (block == NULL)
                abort();
            block[0] = 1;
        }
    else
        switch (number % 10) {
            WAY(0) WAY(1) WAY(2) WAY(3) WAY(4) WAY(5) WAY(6) WAY(7) WAY(8) WAY(9)
        }
}

static void *allocate(void *unused)
{
    while (!over) {
        long start = now();
        char *volatile block = malloc(40);
        free(block);
        long took = now() - start;
        if (took > longest_ns)
            longest_ns = took;
        pairs++;
    }
    return unused;
}

int main(int argc, char **argv)
{
    long sites = argc == 3 ? atol(argv[1]) : 0, blocks = argc == 3 ? atol(argv[2]) : 0;
    pthread_t thread;

    for (long number = 0; number < sites; number++)
        make(number, 12, blocks / sites);
    if (pthread_create(&thread, NULL, allocate, NULL) != 0)
        return 1;
    printf("ready %d\n", getpid());
    fflush(stdout);
    for (int c = getchar(); c != EOF; c = getchar())
        if (c == '\n') {
            printf("%ld %ld\n", atomic_exchange(&longest_ns, 0) / 1000, atomic_exchange(&pairs, 0));
            fflush(stdout);
        }
    over = 1;
    return pthread_join(thread, NULL);
}
