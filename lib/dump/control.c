/*
 * leaktrace's own thread. Owns it, and what it was asked for; called by life/.
 *
 * It waits in one place, for CONTROL_SIGNAL, with the time to the next interval as the limit. The signal is only ever directed at
 * the thread itself, and no other thread's mask or disposition matters for it.
 */
#include "dump/control.h"

#include "base/control.h"
#include "base/log.h"
#include "base/options.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "dump/dump.h"
#include "dump/status.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define STACK_BYTES (1ul << 20)
#define WAIT_S 30
#define SECOND_NS 1000000000ll

static struct {
    const struct options *options;
    struct control_actions actions;
    int starting;           /* 1 once a thread was asked for in this process */
    bool failed;            /* it could not be made: dumps are made by those who want them */
    pid_t tid;              /* of the thread when it waits; 0 before */
    int ready;              /* futex: 1 when it waits */
    const char *wanted;     /* the reason of a dump that was asked for */
    int done;               /* futex: dumps that were made for somebody who waits */
    int64_t next_dump_ns;   /* monotonic; INT64_MAX: no interval */
    int64_t warmup_ns;      /* when the mark is to be set; INT64_MAX: not */
    struct status status;
} control = {.status = {.signal = "none"}};

void control_init(const struct options *options, const struct control_actions *actions)
{
    int64_t now = sys_monotonic_ns();

    control.options = options;
    control.actions = *actions;
    control.next_dump_ns = options->interval_s == 0 ? INT64_MAX : now + options->interval_s * SECOND_NS;
    control.warmup_ns = options->warmup_s == 0 ? INT64_MAX : now + options->warmup_s * SECOND_NS;
}

void control_set_signal_state(const char *state)
{
    control.status.signal = state;
}

void control_mark(void)
{
    control.actions.mark();
    dump_mark_was_set();
}

static void wake(void)
{
    pid_t tid = __atomic_load_n(&control.tid, __ATOMIC_ACQUIRE);

    if (tid != 0)
        sys_tgkill(sys_getpid(), tid, CONTROL_SIGNAL);
}

void control_request_dump(const char *reason)
{
    __atomic_store_n(&control.wanted, reason, __ATOMIC_RELEASE);
    wake();
}

static void make_wanted_dump(void)
{
    const char *reason = __atomic_exchange_n(&control.wanted, NULL, __ATOMIC_ACQ_REL);

    if (reason == NULL)
        return;
    dump_write(reason);
    status_write(&control.status);
    __atomic_add_fetch(&control.done, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&control.done, INT32_MAX);
}

/* Does what the command asked for; a request that is repeated is done once. */
static void serve(enum control_request request, uint32_t nonce)
{
    int result = 0;

    if (nonce == control.status.nonce) {
        status_write(&control.status);
        return;
    }
    if (request == CONTROL_MARK)
        control_mark();
    if (request == CONTROL_DUMP)
        result = dump_write("command");
    else
        result = dump_refresh_summary();
    control.status.nonce = nonce;
    control.status.result = result;
    status_write(&control.status);
}

static void keep_time(void)
{
    int64_t now = sys_monotonic_ns();

    if (now >= control.warmup_ns) {
        control.warmup_ns = INT64_MAX;
        control_mark();
    }
    if (now >= control.next_dump_ns) {
        control.next_dump_ns = now + control.options->interval_s * SECOND_NS;
        dump_write("interval");
        status_write(&control.status);
    }
}

/* Waits for the signal or for the next moment to act; the signal's number, or what the kernel says instead. */
static int wait_for_signal(siginfo_t *ret_info)
{
    uint64_t set = 1ull << (CONTROL_SIGNAL - 1);
    int64_t next = control.next_dump_ns < control.warmup_ns ? control.next_dump_ns : control.warmup_ns;
    int64_t left = next - sys_monotonic_ns();
    struct timespec timeout;

    if (next == INT64_MAX)
        return (int)SYS_CALL(SYS_rt_sigtimedwait, &set, ret_info, 0, sizeof(set));
    left = left < 0 ? 0 : left;
    timeout = (struct timespec){.tv_sec = left / SECOND_NS, .tv_nsec = left % SECOND_NS};
    return (int)SYS_CALL(SYS_rt_sigtimedwait, &set, ret_info, &timeout, sizeof(set));
}

static void *run(void *unused)
{
    siginfo_t info;

    (void)unused;
    control.actions.never_record();
    own_fd_separate();
    SYS_CALL(SYS_prctl, PR_SET_NAME, CONTROL_THREAD, 0, 0);
    __atomic_store_n(&control.tid, sys_gettid(), __ATOMIC_RELEASE);
    __atomic_store_n(&control.ready, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&control.ready, INT32_MAX);
    status_write(&control.status);
    for (;;) {
        int sig;

        make_wanted_dump();
        keep_time();
        sig = wait_for_signal(&info);
        if (sig == CONTROL_SIGNAL && info.si_code == SI_QUEUE)
            serve(control_request_of(info.si_value.sival_int), control_nonce_of(info.si_value.sival_int));
    }
    return NULL;
}

static int create(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, saved;
    int result;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    /* The new thread gets the mask of the one that makes it. libc keeps its own signals, which setuid needs, out of it. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    result = control.actions.create_thread(&thread, &attr, run, NULL);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    pthread_attr_destroy(&attr);
    return result;
}

bool control_start(void)
{
    int result;

    if (__atomic_exchange_n(&control.starting, 1, __ATOMIC_ACQ_REL) != 0)
        return true;
    result = create();
    control.failed = result != 0;
    if (result != 0)
        log_line("cannot start the thread that writes dumps: %s; a dump is made at exit only", strerrordesc_np(result));
    return result == 0;
}

bool control_has_begun(void)
{
    return __atomic_load_n(&control.starting, __ATOMIC_ACQUIRE) != 0;
}

/* Waits while *word == old, in all at most WAIT_S. */
static void wait_for(int *word, int old)
{
    int64_t deadline = sys_monotonic_ns() + WAIT_S * SECOND_NS;

    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == old && sys_monotonic_ns() < deadline) {
        struct timespec slice = {.tv_nsec = 100000000};

        sys_futex_wait(word, old, &slice);
    }
}

void control_dump_and_wait(const char *reason)
{
    int done = __atomic_load_n(&control.done, __ATOMIC_ACQUIRE);

    if (control.failed) {
        dump_write(reason);
        return;
    }
    wait_for(&control.ready, 0);
    control_request_dump(reason);
    wait_for(&control.done, done);
}

void control_after_fork(void)
{
    control.starting = 0;
    control.failed = false;
    control.tid = 0;
    control.ready = 0;
    control.wanted = NULL;
    control.status.nonce = 0;
    control.status.named = false;
    dump_after_fork();
}
