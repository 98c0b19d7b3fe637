/*
 * Hooks of threads. Owns the routine that threads start in.
 *
 * A thread's end is seen by a cleanup handler in that routine, so it is seen whether the thread returns, calls pthread_exit or
 * is cancelled.
 */
#include "hook/hook_thread.h"

#include "base/sys.h"
#include "hook/real.h"
#include "record/record.h"

static int threads = 1; /* of the program, the main one included, that have not ended */
static __thread bool counted_out __attribute__((tls_model("initial-exec")));

void hook_thread_after_fork(void)
{
    threads = 1;
}

static void count_out(void)
{
    if (counted_out)
        return;
    counted_out = true;
    if (__atomic_sub_fetch(&threads, 1, __ATOMIC_ACQ_REL) == 0)
        hook_thread_last_ends();
}

static int create(pthread_t *thread, const pthread_attr_t *attr, void *(*routine)(void *), struct thread_entry *entry)
{
    int result;

    __atomic_add_fetch(&threads, 1, __ATOMIC_ACQ_REL);
    result = real_pthread_create(thread, attr, routine, entry);
    if (result != 0)
        __atomic_sub_fetch(&threads, 1, __ATOMIC_ACQ_REL);
    return result;
}

static void thread_ends(void *entry)
{
    count_out();
    record_thread_ended(entry);
}

__attribute__((section(THREAD_START_SECTION), noinline)) static void *thread_start(void *entry)
{
    struct thread_start start = record_thread_started(entry);
    void *result;

    pthread_cleanup_push(thread_ends, entry);
    result = start.routine(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

/* The default size where the program gives no attributes; neither call allocates. Not inlined, so that its attributes are not on
   the stack while the caller's is captured. */
static __attribute__((noinline)) size_t stack_bytes_of(const pthread_attr_t *attr)
{
    pthread_attr_t defaults;
    size_t bytes = 0;

    if (attr != NULL) {
        pthread_attr_getstacksize(attr, &bytes);
        return bytes;
    }
    if (pthread_attr_init(&defaults) != 0)
        return 0;
    pthread_attr_getstacksize(&defaults, &bytes);
    pthread_attr_destroy(&defaults);
    return bytes;
}

static bool is_detached(const pthread_attr_t *attr)
{
    int state = PTHREAD_CREATE_JOINABLE;

    if (attr != NULL)
        pthread_attr_getdetachstate(attr, &state);
    return state == PTHREAD_CREATE_DETACHED;
}

HOOK int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr, void *(*routine)(void *),
                        void *restrict argument)
{
    struct thread_start start = {.routine = routine, .argument = argument};
    struct thread_entry *entry = record_thread_create(&start, stack_bytes_of(attr), is_detached(attr), STACK_CALLER);
    int result;

    if (entry == NULL)
        return real_pthread_create(thread, attr, routine, argument);
    result = create(thread, attr, thread_start, entry);
    if (result == 0)
        record_thread_created(entry, *thread);
    else
        record_thread_failed(entry);
    return result;
}

void hook_thread_first_ends(void)
{
    count_out();
}

/* Only the main thread's is of interest: the others come through thread_ends(). */
HOOK void pthread_exit(void *value)
{
    if (sys_gettid() == sys_getpid())
        count_out();
    real_pthread_exit(value);
    __builtin_unreachable();
}

HOOK int pthread_join(pthread_t thread, void **ret_value)
{
    struct thread_entry *entry = record_thread_join(thread);
    int result = real_pthread_join(thread, ret_value);

    record_thread_join_done(entry, result == 0);
    return result;
}

HOOK int pthread_tryjoin_np(pthread_t thread, void **ret_value)
{
    struct thread_entry *entry = record_thread_join(thread);
    int result = real_pthread_tryjoin_np(thread, ret_value);

    record_thread_join_done(entry, result == 0);
    return result;
}

HOOK int pthread_timedjoin_np(pthread_t thread, void **ret_value, const struct timespec *deadline)
{
    struct thread_entry *entry = record_thread_join(thread);
    int result = real_pthread_timedjoin_np(thread, ret_value, deadline);

    record_thread_join_done(entry, result == 0);
    return result;
}

HOOK int pthread_clockjoin_np(pthread_t thread, void **ret_value, clockid_t clock, const struct timespec *deadline)
{
    struct thread_entry *entry = record_thread_join(thread);
    int result = real_pthread_clockjoin_np(thread, ret_value, clock, deadline);

    record_thread_join_done(entry, result == 0);
    return result;
}

HOOK int pthread_detach(pthread_t thread)
{
    struct thread_entry *entry = record_thread_detach(thread);
    int result = real_pthread_detach(thread);

    record_thread_detach_done(entry, result == 0);
    return result;
}
