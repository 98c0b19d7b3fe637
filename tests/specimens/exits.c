/* exits HOW STATUS: the ends that a process can have. Three blocks are live at each of them. */
#include "specimen.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static int status;
static const char *how;

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

static void say_at_exit(void)
{
    printf("atexit\n");
}

static void say_at_quick_exit(void)
{
    printf("at_quick_exit\n");
    fflush(stdout);
}

static void end(void)
{
    if (strcmp(how, "exit") == 0)
        exit(status);
    if (strcmp(how, "_exit") == 0)
        _exit(status);
    if (strcmp(how, "_Exit") == 0)
        _Exit(status);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(status);
}

static void *end_here(void *unused)
{
    end();
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int in_thread = argc == 4;

    MUST(argc >= 3);
    how = argv[1];
    status = atoi(argv[2]);
    keeps_three();
    MUST(atexit(say_at_exit) == 0 && at_quick_exit(say_at_quick_exit) == 0);
    if (in_thread)
        MUST(pthread_create(&thread, NULL, end_here, NULL) == 0 && pthread_join(thread, NULL) == 0);
    end();
    return status;
}
