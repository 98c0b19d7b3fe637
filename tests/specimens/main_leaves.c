/*
 * A program whose main thread leaves first: the last of the others ends the process, by the rules of pthread_exit.
 *
 *   main_leaves      the last thread returns; libc calls exit(0), which writes what stands in stdout's buffer
 *   main_leaves now  there is no other thread
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *work(void *unused)
{
    usleep(50000);
    return unused;
}

static void say_goodbye(void)
{
    fputs(" and goodbye", stdout);
}

int main(int argc, char **argv)
{
    pthread_t thread;

    atexit(say_goodbye);
    fputs("hello", stdout);
    if (argc > 1 && strcmp(argv[1], "now") == 0)
        pthread_exit(NULL);
    for (int i = 0; i < 3; i++) {
        if (pthread_create(&thread, NULL, work, NULL) != 0)
            return 1;
        pthread_detach(thread);
    }
    pthread_exit(NULL);
}
