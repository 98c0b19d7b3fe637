/* Two blocks are lost, and the process ends in every way there is. */
#include "case.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

SITE void site_lost(void)
{
    for (int i = 0; i < 2; i++)
        USE(malloc(100));
}

static void lose(void)
{
    site_lost();
    scrub();
}

static int end_by_return(void)
{
    lose();
    return 0;
}

static int end_by_return_of_failure(void)
{
    lose();
    return 5;
}

static int end_well(void)
{
    return 0;
}

/* The status of leaks, and no leak. */
static int end_with_the_status_of_leaks(void)
{
    return 23;
}

static int end_by_exit(void)
{
    lose();
    exit(0);
}

static int end_by__exit(void)
{
    lose();
    _exit(0);
}

static int end_by__Exit(void)
{
    lose();
    _Exit(0);
}

static int end_by_quick_exit(void)
{
    lose();
    quick_exit(0);
}

static int end_by_abort(void)
{
    const struct rlimit none = {0};

    lose();
    MUST(setrlimit(RLIMIT_CORE, &none) == 0);
    abort();
}

static int end_by_fault(void)
{
    const struct rlimit none = {0};
    volatile uintptr_t nowhere = 16;

    lose();
    MUST(setrlimit(RLIMIT_CORE, &none) == 0);
    *(volatile char *)nowhere = 1;
    return 99;
}

static int end_by_termination(void)
{
    lose();
    return raise(SIGTERM);
}

static int end_by_kill(void)
{
    lose();
    return kill(getpid(), SIGKILL);
}

static void *exit_in_thread(void *unused)
{
    lose();
    exit(0);
    return unused;
}

static int end_in_thread(void)
{
    in_thread(exit_in_thread, NULL);
    return 99;
}

static void *lose_later(void *unused)
{
    usleep(100000);
    lose();
    return unused;
}

/* The process ends with its last thread. */
static int end_by_threads(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, lose_later, NULL) == 0 && pthread_detach(thread) == 0);
    pthread_exit(NULL);
}

static void exit_in_handler(int sig)
{
    (void)sig;
    _exit(0);
}

static int end_in_handler(void)
{
    lose();
    MUST(signal(SIGUSR1, exit_in_handler) != SIG_ERR);
    return raise(SIGUSR1);
}

static void exit_again(void)
{
    exit(0);
}

static int end_in_at_exit(void)
{
    lose();
    MUST(atexit(exit_again) == 0);
    exit(5);
}

static void leave_at_once(void)
{
    _exit(0);
}

static int end_at_once_in_at_exit(void)
{
    lose();
    MUST(atexit(leave_at_once) == 0);
    exit(5);
}

static int end_without_output(void)
{
    lose();
    close(1);
    close(2);
    return 0;
}

const struct gate_case gate_cases[] = {
    {"return", end_by_return},
    {"return_5", end_by_return_of_failure},
    {"well", end_well},
    {"return_23", end_with_the_status_of_leaks},
    {"exit", end_by_exit},
    {"_exit", end_by__exit},
    {"_Exit", end_by__Exit},
    {"quick_exit", end_by_quick_exit},
    {"abort", end_by_abort},
    {"fault", end_by_fault},
    {"termination", end_by_termination},
    {"kill", end_by_kill},
    {"exit_in_thread", end_in_thread},
    {"last_thread", end_by_threads},
    {"_exit_in_handler", end_in_handler},
    {"exit_in_at_exit", end_in_at_exit},
    {"_exit_in_at_exit", end_at_once_in_at_exit},
    {"without_output", end_without_output},
    {NULL, NULL},
};
