/* The states of threads: whose they are, also when nobody saw a thread end. */
#include "../support/unit.h"

#include "record/guard.h"
#include "record/record.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES 4
#define GENERATIONS 500
#define STATES (LINES * GENERATIONS)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct thread_state *owned[STATES];
static unsigned shared;

static void own(const struct thread_state *state)
{
    unsigned room = 0;

    pthread_mutex_lock(&mutex);
    for (unsigned i = 0; i < STATES; i++) {
        shared += owned[i] == state;
        if (owned[i] == NULL)
            room = i;
    }
    owned[room] = state;
    pthread_mutex_unlock(&mutex);
}

static void disown(const struct thread_state *state)
{
    pthread_mutex_lock(&mutex);
    for (unsigned i = 0; i < STATES; i++)
        if (owned[i] == state)
            owned[i] = NULL;
    pthread_mutex_unlock(&mutex);
}

static struct thread_state *make_state(void)
{
    struct thread_state *state = guard_enter() ? guard_state() : NULL;

    guard_leave();
    return state;
}

/* It ends as a thread made by clone does: unseen. */
static void *live_and_end(void *ret_ok)
{
    struct thread_state *state = make_state();

    if (state == NULL)
        return NULL;
    own(state);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    *(bool *)ret_ok = guard.state == state && __atomic_load_n(&state->tid, __ATOMIC_RELAXED) == gettid();
    disown(state);
    return NULL;
}

static void *live_one_after_the_other(void *ret_failures)
{
    for (unsigned i = 0; i < GENERATIONS; i++) {
        bool ok = false;
        pthread_t thread;

        if (pthread_create(&thread, NULL, live_and_end, &ok) == 0)
            pthread_join(thread, NULL);
        __atomic_add_fetch((unsigned *)ret_failures, !ok, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void a_state_is_used_again_but_by_one_thread_at_a_time(void **state)
{
    pthread_t lines[LINES];
    unsigned failures = 0;

    (void)state;
    for (unsigned i = 0; i < LINES; i++)
        assert_int_equal(pthread_create(&lines[i], NULL, live_one_after_the_other, &failures), 0);
    for (unsigned i = 0; i < LINES; i++)
        assert_int_equal(pthread_join(lines[i], NULL), 0);
    assert_int_equal(failures, 0);
    assert_int_equal(shared, 0);
}

/* The child has the parent's memory, but another number: a state would bear it, and be the parent's. */
static void *make_state_in_child_of_vfork(void *ret_ok)
{
    int status = -1;
    pid_t child;

    record_has_vforked = true;
    child = vfork();
    if (child == 0)
        _exit(make_state() == NULL ? 0 : 1);
    *(bool *)ret_ok = child > 0 && waitpid(child, &status, 0) == child && status == 0 && guard.state == NULL &&
                      make_state() != NULL && guard.state->tid == gettid();
    return NULL;
}

static void a_child_of_vfork_makes_none(void **state)
{
    bool ok = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, make_state_in_child_of_vfork, &ok), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(ok);
}

static int enable(void **state)
{
    (void)state;
    record_enable(1u << KIND_HEAP);
    return make_state() == NULL ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_used_again_but_by_one_thread_at_a_time),
        cmocka_unit_test(a_child_of_vfork_makes_none),
    };

    return cmocka_run_group_tests(tests, enable, NULL);
}
