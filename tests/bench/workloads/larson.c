/* larson GENERATIONS: the pattern of Larson and Krishnan's server: two threads at a time, each with a thousand blocks of which
   it replaces one after the other at random; after 25,000 replacements it hands its blocks to a new thread and ends, so blocks
   outlive the threads that made them. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LINES 2
#define BLOCKS 1000
#define REPLACEMENTS 25000

struct line {
    char *blocks[BLOCKS];
    uint32_t random;
};

static uint32_t next(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    return *random ^= *random << 5;
}

static void *serve(void *argument)
{
    struct line *line = argument;

    for (int i = 0; i < REPLACEMENTS; i++) {
        char **block = &line->blocks[next(&line->random) % BLOCKS];
        free(*block);
        *block = malloc(10 + next(&line->random) % 491);
        if (*block == NULL)
            abort();
        **block = 1;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct line lines[LINES];
    pthread_t threads[LINES];

    for (int i = 0; i < LINES; i++)
        lines[i].random = 1234567u + (uint32_t)i;
    for (long generation = argc > 1 ? atol(argv[1]) : 0; generation > 0; generation--) {
        for (int i = 0; i < LINES; i++)
            if (pthread_create(&threads[i], NULL, serve, &lines[i]) != 0)
                return 1;
        for (int i = 0; i < LINES; i++)
            pthread_join(threads[i], NULL);
    }
    return 0;
}
