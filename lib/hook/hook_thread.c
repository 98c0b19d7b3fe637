/*
 * Hooks of threads. Owns the routines that threads start in.
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

static struct thread_entry *prepare(void *(*routine)(void *), void *argument, size_t stack_bytes, bool detached,
                                    const struct stack_frame *caller)
{
    const struct thread_start start = {.routine = routine, .argument = argument};
    struct thread_entry *entry = record_thread_create(&start, stack_bytes, detached, caller);

    if (entry != NULL)
        __atomic_add_fetch(&threads, 1, __ATOMIC_ACQ_REL);
    return entry;
}

static int created(struct thread_entry *entry, int result, const pthread_t *thread)
{
    if (result == 0) {
        record_thread_created(entry, *thread);
        return result;
    }
    __atomic_sub_fetch(&threads, 1, __ATOMIC_ACQ_REL);
    record_thread_failed(entry);
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

__attribute__((section(THREAD_START_SECTION), noinline)) static int thrd_start(void *entry)
{
    struct thread_start start = record_thread_started(entry);
    int result;

    pthread_cleanup_push(thread_ends, entry);
    result = ((thrd_start_t)(void (*)(void))start.routine)(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

/* The default size where the program gives no attributes; neither call allocates. Not inlined, so that its attributes are not
   on the stack while the caller's is captured. */
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
    struct thread_entry *entry = prepare(routine, argument, stack_bytes_of(attr), is_detached(attr), STACK_CALLER);

    if (entry == NULL)
        return real_pthread_create(thread, attr, routine, argument);
    return created(entry, real_pthread_create(thread, attr, thread_start, entry), thread);
}

/* C11's threads are pthreads, and their handles. */
HOOK int thrd_create(thrd_t *thread, thrd_start_t routine, void *argument)
{
    struct thread_entry *entry =
        prepare((void *(*)(void *))(void (*)(void))routine, argument, stack_bytes_of(NULL), false, STACK_CALLER);

    if (entry == NULL)
        return real_thrd_create(thread, routine, argument);
    return created(entry, real_thrd_create(thread, thrd_start, entry), thread);
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

HOOK void thrd_exit(int value)
{
    if (sys_gettid() == sys_getpid())
        count_out();
    real_thrd_exit(value);
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

HOOK int thrd_join(thrd_t thread, int *ret_value)
{
    struct thread_entry *entry = record_thread_join(thread);
    int result = real_thrd_join(thread, ret_value);

    record_thread_join_done(entry, result == thrd_success);
    return result;
}

HOOK int pthread_detach(pthread_t thread)
{
    struct thread_entry *entry = record_thread_detach(thread);
    int result = real_pthread_detach(thread);

    record_thread_detach_done(entry, result == 0);
    return result;
}

HOOK int thrd_detach(thrd_t thread)
{
    struct thread_entry *entry = record_thread_detach(thread);
    int result = real_thrd_detach(thread);

    record_thread_detach_done(entry, result == thrd_success);
    return result;
}
