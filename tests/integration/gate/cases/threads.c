/* Threads that nobody has joined, or that still run. */
#include "case.h"

#include <pthread.h>
#include <unistd.h>

static volatile pid_t number;

SITE pthread_t site_thread(void *(*run)(void *))
{
    pthread_t thread;

    number = 0;
    MUST(pthread_create(&thread, NULL, run, NULL) == 0);
    return thread;
}

static void *end(void *unused)
{
    number = gettid();
    return unused;
}

static void *stay(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static int leave_unjoined(void)
{
    for (int i = 0; i < 3; i++) {
        site_thread(end);
        wait_until_gone(&number);
    }
    return 0;
}

static int leave_running(void)
{
    for (int i = 0; i < 2; i++)
        site_thread(stay);
    return 0;
}

static int leave_detached_running(void)
{
    MUST(pthread_detach(site_thread(stay)) == 0);
    return 0;
}

static int join_all(void)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        threads[i] = site_thread(end);
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    return 0;
}

static int detach_all(void)
{
    for (int i = 0; i < 3; i++) {
        MUST(pthread_detach(site_thread(end)) == 0);
        wait_until_gone(&number);
    }
    return 0;
}

static void *detach_oneself(void *unused)
{
    pthread_detach(pthread_self());
    number = gettid();
    return unused;
}

static int leave_self_detached(void)
{
    site_thread(detach_oneself);
    wait_until_gone(&number);
    return 0;
}

const struct gate_case gate_cases[] = {
    {"unjoined", leave_unjoined},
    {"running", leave_running},
    {"detached_running", leave_detached_running},
    {"joined", join_all},
    {"detached", detach_all},
    {"self_detached", leave_self_detached},
    {NULL, NULL},
};
