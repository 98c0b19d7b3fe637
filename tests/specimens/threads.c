/* Threads in each way that they begin and end, one site each; the truth stands in exact.bats. Their stacks have STACK bytes. */
#include "specimen.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define STACK (256ul << 10)

static pthread_attr_t attributes;
static sem_t started, may_end;
static pid_t tid_of_last;

static void *do_nothing(void *argument)
{
    tid_of_last = (pid_t)syscall(SYS_gettid);
    sem_post(&started);
    return argument;
}

static void *wait_to_end(void *argument)
{
    tid_of_last = (pid_t)syscall(SYS_gettid);
    sem_post(&started);
    while (sem_wait(&may_end) != 0)
        continue;
    return argument;
}

static void *call_exit(void *argument)
{
    sem_post(&started);
    pthread_exit(argument);
}

static void *wait_for_ever(void *argument)
{
    sem_post(&started);
    for (;;)
        pause();
    return argument;
}

static void wait_for_start(void)
{
    while (sem_wait(&started) != 0)
        continue;
}

/* Until the kernel does not know the thread any more. */
static void wait_for_end(void)
{
    while (syscall(SYS_tgkill, getpid(), tid_of_last, 0) == 0)
        sched_yield();
}

static pthread_t start(void *(*routine)(void *), const pthread_attr_t *attr)
{
    pthread_t thread;

    MUST(pthread_create(&thread, attr, routine, &thread) == 0);
    return thread;
}

SITE void created_and_joined(void)
{
    void *value;

    for (int i = 0; i < 1000; i++) {
        MUST(pthread_join(start(do_nothing, &attributes), &value) == 0 && value != NULL);
        wait_for_start();
    }
}

SITE void running_for_ever(void)
{
    start(wait_for_ever, &attributes);
    start(wait_for_ever, &attributes);
    wait_for_start();
    wait_for_start();
}

SITE void with_default_attributes(void)
{
    start(wait_for_ever, NULL);
    wait_for_start();
}

SITE void ended_unjoined(void)
{
    for (int i = 0; i < 3; i++) {
        start(do_nothing, &attributes);
        wait_for_start();
        wait_for_end();
    }
}

SITE void detached_while_running(void)
{
    pthread_t thread = start(wait_to_end, &attributes);

    wait_for_start();
    MUST(pthread_detach(thread) == 0);
    sem_post(&may_end);
    wait_for_end();
}

SITE void detached_after_the_end(void)
{
    pthread_t thread = start(do_nothing, &attributes);

    wait_for_start();
    wait_for_end();
    MUST(pthread_detach(thread) == 0);
}

SITE void detached_and_running(void)
{
    MUST(pthread_detach(start(wait_for_ever, &attributes)) == 0);
    wait_for_start();
}

SITE void created_detached(void)
{
    pthread_attr_t detached;

    MUST(pthread_attr_init(&detached) == 0 && pthread_attr_setstacksize(&detached, STACK) == 0);
    MUST(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    start(do_nothing, &detached);
    wait_for_start();
    wait_for_end();
    start(wait_for_ever, &detached);
    wait_for_start();
}

SITE void ended_by_pthread_exit(void)
{
    void *value;

    MUST(pthread_join(start(call_exit, &attributes), &value) == 0 && value != NULL);
    wait_for_start();
}

SITE void cancelled_and_joined(void)
{
    pthread_t thread = start(wait_for_ever, &attributes);
    void *value;

    wait_for_start();
    MUST(pthread_cancel(thread) == 0);
    MUST(pthread_join(thread, &value) == 0 && value == PTHREAD_CANCELED);
}

static struct timespec in_the_past(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec--;
    return now;
}

static struct timespec far_away(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    now.tv_sec += 3600;
    return now;
}

/* Each fails on a running thread, which stays, and takes one that ends. */
SITE void joined_in_other_ways(void)
{
    struct timespec past = in_the_past(), realtime = far_away(CLOCK_REALTIME), monotonic = far_away(CLOCK_MONOTONIC);
    pthread_t tried = start(wait_to_end, &attributes), timed = start(wait_to_end, &attributes);
    pthread_t clocked = start(wait_to_end, &attributes);

    MUST(pthread_tryjoin_np(tried, NULL) == EBUSY);
    MUST(pthread_timedjoin_np(timed, NULL, &past) == ETIMEDOUT);
    MUST(pthread_clockjoin_np(clocked, NULL, CLOCK_REALTIME, &past) == ETIMEDOUT);
    for (int i = 0; i < 3; i++) {
        wait_for_start();
        sem_post(&may_end);
    }
    while (pthread_tryjoin_np(tried, NULL) != 0)
        sched_yield();
    MUST(pthread_timedjoin_np(timed, NULL, &realtime) == 0);
    MUST(pthread_clockjoin_np(clocked, NULL, CLOCK_MONOTONIC, &monotonic) == 0);
}

SITE void joined_in_vain(void)
{
    struct timespec past = in_the_past();
    pthread_t tried = start(wait_for_ever, &attributes), timed = start(wait_for_ever, &attributes);

    MUST(pthread_tryjoin_np(tried, NULL) == EBUSY);
    MUST(pthread_timedjoin_np(timed, NULL, &past) == ETIMEDOUT);
    MUST(pthread_join(pthread_self(), NULL) == EDEADLK);
    wait_for_start();
    wait_for_start();
}

static int c11_return(void *number)
{
    return *(int *)number;
}

static int c11_exit(void *number)
{
    thrd_exit(*(int *)number);
}

static int c11_wait(void *unused)
{
    sem_post(&started);
    for (;;)
        pause();
    return unused != NULL;
}

SITE void c11_joined(void)
{
    int number = 42, value = 0;
    thrd_t thread;

    for (int i = 0; i < 10; i++) {
        MUST(thrd_create(&thread, i % 2 == 0 ? c11_return : c11_exit, &number) == thrd_success);
        MUST(thrd_join(thread, i == 0 ? NULL : &value) == thrd_success);
    }
    MUST(value == number);
}

SITE void c11_detached(void)
{
    thrd_t thread;

    MUST(thrd_create(&thread, c11_wait, NULL) == thrd_success && thrd_detach(thread) == thrd_success);
    wait_for_start();
}

SITE void refused(void)
{
    pthread_attr_t absurd;
    pthread_t thread;

    MUST(pthread_attr_init(&absurd) == 0 && pthread_attr_setstacksize(&absurd, (size_t)1 << 50) == 0);
    MUST(pthread_create(&thread, &absurd, do_nothing, NULL) == EAGAIN);
    MUST(pthread_create(&thread, &absurd, do_nothing, NULL) == EAGAIN);
}

static void *start_more(void *unused)
{
    for (int i = 0; i < 50; i++)
        MUST(pthread_join(start(do_nothing, &attributes), NULL) == 0);
    running_for_ever();
    return unused;
}

/* Threads made by threads. */
SITE void starts_starters(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        threads[i] = start(start_more, &attributes);
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

int main(void)
{
    MUST(sem_init(&started, 0, 0) == 0 && sem_init(&may_end, 0, 0) == 0);
    MUST(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, STACK) == 0);
    created_and_joined();
    running_for_ever();
    with_default_attributes();
    ended_unjoined();
    detached_while_running();
    detached_after_the_end();
    detached_and_running();
    created_detached();
    ended_by_pthread_exit();
    cancelled_and_joined();
    joined_in_other_ways();
    joined_in_vain();
    c11_joined();
    c11_detached();
    refused();
    starts_starters();
    return 0;
}
