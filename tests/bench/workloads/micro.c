/* Nanoseconds of one malloc and free, one figure a line ("NAME VALUE"):
 *
 *   micro depth DEPTH PAIRS            in a loop under DEPTH calls, the same stack each time
 *   micro threads DEPTH PAIRS THREADS  the same in each of THREADS threads; time by the clock, over the pairs of one thread
 *   micro live DEPTH PAIRS BLOCKS      each pair replaces one of BLOCKS live blocks at random
 *   micro stacks DEPTH PAIRS STACKS BURST [unwind]
 *                                      goes round STACKS different stacks, BURST pairs from each before the next;
 *                                      neighbours differ from the outermost call on. "first" is the first round. With
 *                                      "unwind" libunwind's unw_backtrace is called before each malloc.
 *
 * Before it times, it makes WARM_UP pairs, so that what a tool does at its start is not in the figure. Built without frame
 * pointers. Real stacks are about five frames deeper than DEPTH. The walk to a stack is in the time, so compare with the same
 * line of a bare run.
 */
#include <libunwind.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARM_UP 20000
#define NOIPA __attribute__((noipa))
/* Keeps a call from becoming the last of its function, which would leave no frame. */
#define KEEP_FRAME __asm__ volatile("" ::: "memory")

struct work {
    unsigned depth, burst;
    long pairs;
    uint32_t stacks, blocks;
    int unwind;
    char **live;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static char *must_have(char *block)
{
    if (block == NULL)
        abort();
    return block;
}

NOIPA static void pairs_at_leaf(long pairs)
{
    for (long i = 0; i < pairs; i++) {
        char *block = must_have(malloc(40));
        block[0] = 1;
        free(block);
    }
}

NOIPA static void burst_with_unwind(unsigned burst)
{
    void *frames[64];

    for (unsigned i = 0; i < burst; i++) {
        unw_backtrace(frames, 64);
        free(must_have(malloc(40)));
    }
}

NOIPA static void replace(struct work *work, long pairs)
{
    uint32_t random = 2463534242u;

    for (long i = 0; i < pairs; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        char **block = &work->live[(uint64_t)random * work->blocks >> 32];
        free(*block);
        *block = must_have(malloc(16 + random % 113));
        **block = 1;
    }
}

NOIPA static void descend(struct work *work, unsigned depth)
{
    if (depth > 0)
        descend(work, depth - 1);
    else if (work->live != NULL)
        replace(work, work->pairs);
    else
        pairs_at_leaf(work->pairs);
    KEEP_FRAME;
}

/* The stack of a number: its lowest digit, to base four, chooses the outermost call, and so on inward. */
NOIPA static void descend_to(const struct work *work, unsigned depth, uint32_t number)
{
/* The text differs, so that the compiler does not make one call of all. */
#define WAY(n)                                                                                                                 \
    case n:                                                                                                                    \
        descend_to(work, depth - 1, number / 4);                                                                               \
        __asm__ volatile("# way " #n ::: "memory");                                                                            \
        break;
    if (depth == 0 && work->unwind)
        burst_with_unwind(work->burst);
    else if (depth == 0)
        pairs_at_leaf(work->burst);
    else
        switch (number % 4) {
            WAY(0) WAY(1) WAY(2) WAY(3)
        }
}

static void *run_depth(void *work)
{
    descend(work, ((struct work *)work)->depth);
    return NULL;
}

static double time_threads(struct work *work, int count)
{
    pthread_t threads[64];
    double start = now();

    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, run_depth, work) != 0)
            abort();
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return (now() - start) / (double)work->pairs;
}

static double time_live(struct work *work)
{
    double start;

    work->live = calloc(work->blocks, sizeof(*work->live));
    if (work->live == NULL)
        abort();
    for (uint32_t i = 0; i < work->blocks; i++)
        *(work->live[i] = must_have(malloc(16 + i % 113))) = 1;
    start = now();
    run_depth(work);
    return (now() - start) / (double)work->pairs;
}

static double time_round(const struct work *work)
{
    double start = now();

    for (uint32_t number = 0; number < work->stacks; number++)
        descend_to(work, work->depth, number);
    return (now() - start) / work->stacks / work->burst;
}

static double time_stacks(const struct work *work)
{
    long rounds = work->pairs / work->stacks / work->burst;
    double sum = 0;

    printf("first %.1f\n", time_round(work));
    for (long i = 0; i < rounds; i++)
        sum += time_round(work);
    return rounds > 0 ? sum / (double)rounds : 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[1] : "";
    struct work work = {.depth = argc > 2 ? (unsigned)atoi(argv[2]) : 0, .pairs = argc > 3 ? atol(argv[3]) : 0};
    uint32_t count = argc > 4 ? (uint32_t)atol(argv[4]) : 1;
    double ns;

    work.blocks = work.stacks = count;
    work.burst = argc > 5 ? (unsigned)atoi(argv[5]) : 1;
    work.unwind = argc > 6;
    pairs_at_leaf(WARM_UP);
    if (strcmp(what, "depth") == 0 || strcmp(what, "threads") == 0)
        ns = time_threads(&work, (int)count);
    else if (strcmp(what, "live") == 0)
        ns = time_live(&work);
    else if (strcmp(what, "stacks") == 0)
        ns = time_stacks(&work);
    else
        return 2;
    printf("pair %.1f\n", ns);
    return 0;
}
