/* Creates and joins ARGV[1] threads, each of which allocates and frees, and prints the resident set in KiB at the end. With "c11" as
   second argument they are threads of C11, which libc makes by a call of its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

static void *posix_work(void *unused)
{
    free(malloc(64));
    return unused;
}

static int c11_work(void *unused)
{
    free(malloc(64));
    return unused != NULL;
}

static int run_posix(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, posix_work, NULL) == 0 ? pthread_join(thread, NULL) : 1;
}

static int run_c11(void)
{
    thrd_t thread;

    return thrd_create(&thread, c11_work, NULL) == thrd_success ? thrd_join(thread, NULL) : 1;
}

int main(int argc, char **argv)
{
    long resident_pages = 0;
    FILE *statm;

    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
        if ((argc > 2 && strcmp(argv[2], "c11") == 0 ? run_c11() : run_posix()) != 0)
            return 1;
    statm = fopen("/proc/self/statm", "r");
    if (statm == NULL || fscanf(statm, "%*d %ld", &resident_pages) != 1)
        return 1;
    fclose(statm);
    printf("%ld\n", resident_pages * 4);
    return 0;
}
