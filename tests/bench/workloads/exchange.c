/* exchange THOUSANDS: eight threads that swap blocks of mixed sizes through one table, so that most blocks are freed by another
   thread than made them. Each makes so many thousand, from stacks of 4 to 19 calls. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 8
#define SLOTS 16384
#define AT_A_DEPTH 16

static _Atomic(char *) slots[SLOTS];
static long rounds;

static uint32_t next(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    return *random ^= *random << 5;
}

static size_t mixed_size(uint32_t random)
{
    if (random % 64 == 0)
        return 1024 + random / 64 % 7168;
    return 16 + random / 64 % (random % 8 == 0 ? 1000 : 112);
}

__attribute__((noipa)) static void exchange(uint32_t *random)
{
    for (int i = 0; i < AT_A_DEPTH; i++) {
        char *block = malloc(mixed_size(next(random)));
        if (block == NULL)
            abort();
        block[0] = 1;
        free(atomic_exchange(&slots[next(random) % SLOTS], block));
    }
}

__attribute__((noipa)) static void descend(uint32_t *random, unsigned depth)
{
    if (depth == 0)
        exchange(random);
    else if (depth % 2 == 0)
        descend(random, depth - 1);
    else
        descend(random, depth - 1);
    __asm__ volatile("" ::: "memory");
}

static void *work(void *seed)
{
    uint32_t random = (uint32_t)(uintptr_t)seed * 2654435761u;

    for (long i = 0; i < rounds; i++)
        descend(&random, next(&random) % 16);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    rounds = argc > 1 ? atol(argv[1]) * 1000 / AT_A_DEPTH : 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++)
        free(slots[i]);
    return 0;
}
