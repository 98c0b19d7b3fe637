/* target WHAT: a program that does one thing wrong, for the sanitizers that company.bats builds it with. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noipa)) void keeps_three(void)
{
    static void *kept[3];

    for (int i = 0; i < 3; i++) {
        kept[i] = malloc(50);
        open("/dev/null", O_RDONLY);
    }
}

__attribute__((noipa)) void touch(volatile char *block, int at)
{
    block[at]++;
}

static int shared;

static void *races(void *unused)
{
    for (int i = 0; i < 1000; i++)
        shared++;
    return unused;
}

static void *counts(void *sum)
{
    void *block = calloc(1, 10);

    (*(int *)sum)++;
    free(block);
    return sum;
}

static void run(void *(*routine)(void *), int at_once)
{
    pthread_t threads[4];
    int sums[4] = {0};

    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, routine, &sums[i]);
        if (!at_once)
            pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 4 && at_once; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "right";
    char *volatile block = malloc(20);

    keeps_three();
    run(counts, 1);
    puts("over");
    fflush(stdout);
    if (strcmp(what, "race") == 0)
        run(races, 1);
    if (strcmp(what, "overflow") == 0)
        touch(block, 20);
    if (strcmp(what, "leak") != 0)
        free(block);
    if (strcmp(what, "use_after_free") == 0)
        touch(block, 3);
    if (strcmp(what, "double_free") == 0)
        free(block);
    block = NULL;
    return 0;
}
