/*
 * leaktrace's own thread. Owns it, and what it was asked for; called by life/.
 *
 * It waits in one place, for CONTROL_SIGNAL, with the time to whatever is to be done next as the limit. The signal is only ever directed at
 * the thread itself, and no other thread's mask or disposition matters for it.
 */
#include "dump/control.h"

#include "base/control.h"
#include "base/log.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "dump/comments.h"
#include "dump/dump.h"
#include "dump/dump_files.h"
#include "dump/status.h"
#include "dump/timer.h"
#include "reach/reach.h"
#include "snapshot/modules.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define STACK_BYTES (1ul << 20)
#define WAIT_S 30
#define STALL_S 10
#define CHILD_WAIT_MS 500
#define SECOND_NS 1000000000ll

static struct {
    struct control_actions actions;
    int starting;           /* 1 once a thread was asked for in this process */
    bool failed;            /* it could not be made: dumps are made by those who want them */
    pid_t thread;           /* the thread that was made */
    pid_t tid;              /* of the task that waits and works: that thread, or one beside it (base/own_fd); 0 before */
    int ready;              /* futex: 1 when it waits */
    bool stop;              /* it is to end */
    bool is_exec;           /* the last dump is one before an exec */
    int held;               /* futex: 1 while it is to stand still behind the dump that was asked for */
    bool in_child;          /* of fork: the loader may be locked for ever */
    const char *wanted;     /* the reason of a dump that was asked for */
    int asked;              /* how often one was asked for */
    int done;               /* futex: all that was asked for up to this number is dumped */
    bool is_out_of_date;    /* the status file */
    struct status status;
} control = {.status = {.signal = "none"}};

static const char no_dump[] = ""; /* the reason of one who only wants the thread to come round */

void control_init(const struct options *options, const struct control_actions *actions)
{
    control.actions = *actions;
    timer_init(options);
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

/* Who reads that the signal makes a dump, and sends it, may end a program that has taken it back. */
void control_set_signal_state(const char *state)
{
    control.status.signal = state;
    __atomic_store_n(&control.is_out_of_date, true, __ATOMIC_RELEASE);
    wake();
}

static int ask(void)
{
    int number = __atomic_add_fetch(&control.asked, 1, __ATOMIC_ACQ_REL);

    wake();
    return number;
}

/* The reason of one who waits stands, and is there before he asks. */
void control_request_dump(const char *reason)
{
    const char *none = NULL;

    __atomic_compare_exchange_n(&control.wanted, &none, reason, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    ask();
}

/* Waits until *word has reached `number`; false when it has not in that time. */
static bool wait_for(int *word, int number, int64_t patience_ns)
{
    int64_t deadline = sys_monotonic_ns() + patience_ns;

    do {
        struct timespec slice = {.tv_nsec = 100000000};
        int now = __atomic_load_n(word, __ATOMIC_ACQUIRE);

        if ((int)((unsigned)now - (unsigned)number) >= 0)
            return true;
        sys_futex_wait(word, now, &slice);
    } while (sys_monotonic_ns() < deadline);
    return false;
}

/* Waits until the thread has begun. In a child of fork it may hang before it has; it is then as if it could not be made. */
static void wait_for_begin(void)
{
    int64_t patience_ns = control.in_child ? CHILD_WAIT_MS * 1000000ll : WAIT_S * SECOND_NS;

    if (!control.failed && !wait_for(&control.ready, 1, patience_ns))
        control.failed = control.in_child;
}

/* There is no thread any more; the next control_start() makes one. */
static void forget_thread(void)
{
    control.failed = false;
    control.stop = false;
    control.ready = 0;
    control.thread = 0;
    __atomic_store_n(&control.tid, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&control.starting, 0, __ATOMIC_RELEASE);
}

/* The last dump, if `reason` says that there is to be one. It supersedes the checkpoint, which stays if it fails. */
static void end(const char *reason)
{
    if (reason == NULL || dump_write_last(reason, control.is_exec) > 0)
        dump_remove_checkpoint();
    status_remove();
}

/* One dump for all who have asked so far; who asks while it is made is given another. */
static void make_wanted_dump(void)
{
    int asked = __atomic_load_n(&control.asked, __ATOMIC_ACQUIRE);
    const char *reason;

    if (asked == control.done)
        return;
    reason = __atomic_exchange_n(&control.wanted, NULL, __ATOMIC_ACQ_REL);
    if (__atomic_load_n(&control.held, __ATOMIC_ACQUIRE)) {
        end(reason == no_dump ? NULL : reason);
    } else {
        if (reason != no_dump)
            dump_write(reason == NULL ? "signal" : reason, false);
        status_write(&control.status);
    }
    __atomic_store_n(&control.done, asked, __ATOMIC_RELEASE);
    sys_futex_wake(&control.done, INT32_MAX);
}

/* But for who asks meanwhile: another thread may end the process. */
static void stand_still(void)
{
    struct timespec slice = {.tv_nsec = 100000000};

    if (!__atomic_load_n(&control.held, __ATOMIC_ACQUIRE))
        return;
    while (__atomic_load_n(&control.held, __ATOMIC_ACQUIRE)) {
        sys_futex_wait(&control.held, 1, &slice);
        make_wanted_dump();
    }
    if (!__atomic_load_n(&control.stop, __ATOMIC_ACQUIRE))
        status_write(&control.status);
}

/* Does what the command asked for; a request that is repeated is done once. */
static void serve(enum control_request request, uint32_t nonce)
{
    int result = 0;

    if (!status_is_answered(&control.status, nonce)) {
        if (request == CONTROL_MARK)
            control_mark();
        if (request == CONTROL_DUMP)
            result = dump_write("command", false);
        else if (request == CONTROL_CHECKPOINT)
            result = dump_checkpoint();
        else
            result = dump_refresh_summary();
        status_answer(&control.status, nonce, result);
    }
    status_write(&control.status);
}

/* Waits for the signal or for the next moment to act; the signal's number, or what the kernel says instead. */
static int wait_for_signal(siginfo_t *ret_info)
{
    uint64_t set = 1ull << (CONTROL_SIGNAL - 1);
    int64_t next = timer_next_ns();
    int64_t left = next - sys_monotonic_ns();
    struct timespec timeout;

    if (next == INT64_MAX)
        return (int)SYS_CALL(SYS_rt_sigtimedwait, &set, ret_info, 0, sizeof(set));
    left = left < 0 ? 0 : left;
    timeout = (struct timespec){.tv_sec = left / SECOND_NS, .tv_nsec = left % SECOND_NS};
    return (int)SYS_CALL(SYS_rt_sigtimedwait, &set, ret_info, &timeout, sizeof(set));
}

/* With descriptors of its own, in the thread or beside it. */
static void work(void)
{
    siginfo_t info;

    if (control.in_child)
        modules_probe_loader();
    SYS_CALL(SYS_prctl, PR_SET_NAME, CONTROL_THREAD, 0, 0);
    park_exempt(control.thread, sys_gettid());
    __atomic_store_n(&control.tid, sys_gettid(), __ATOMIC_RELEASE);
    __atomic_store_n(&control.ready, 1, __ATOMIC_RELEASE);
    sys_futex_wake(&control.ready, INT32_MAX);
    status_write(&control.status);
    for (;;) {
        int sig;

        own_fd_follow();
        make_wanted_dump();
        stand_still();
        if (__atomic_load_n(&control.stop, __ATOMIC_ACQUIRE))
            return;
        if (__atomic_exchange_n(&control.is_out_of_date, false, __ATOMIC_ACQ_REL) | timer_act(control_mark, control.actions.watch))
            status_write(&control.status);
        sig = wait_for_signal(&info);
        own_fd_follow();
        if (sig == CONTROL_SIGNAL && info.si_code == SI_QUEUE)
            serve(control_request_of(info.si_value.sival_int), control_nonce_of(info.si_value.sival_int));
    }
}

static void *run(void *unused)
{
    (void)unused;
    control.actions.never_record();
    control.thread = sys_gettid();
    own_fd_run(work);
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

void control_go_on(void)
{
    __atomic_store_n(&control.held, 0, __ATOMIC_RELEASE);
    sys_futex_wake(&control.held, INT32_MAX);
}

void control_stop(void)
{
    int64_t deadline = sys_monotonic_ns() + SECOND_NS;

    if (__atomic_load_n(&control.starting, __ATOMIC_ACQUIRE) == 0)
        return;
    wait_for_begin();
    if (control.failed)
        return;
    __atomic_store_n(&control.stop, true, __ATOMIC_RELEASE);
    control_go_on();
    while (sys_tgkill(sys_getpid(), control.thread, 0) == 0) {
        /* It hangs, in a folder that does not answer; it goes on when it can. */
        if (sys_monotonic_ns() > deadline) {
            __atomic_store_n(&control.stop, false, __ATOMIC_RELEASE);
            return;
        }
        wake();
        sys_yield();
    }
    forget_thread();
}

void control_give_way(void)
{
    control_stop();
    control.failed = true;
    __atomic_store_n(&control.starting, 1, __ATOMIC_RELEASE);
}

bool control_has_begun(void)
{
    return __atomic_load_n(&control.starting, __ATOMIC_ACQUIRE) != 0;
}

void control_dump_and_wait(const char *reason)
{
    wait_for_begin();
    if (control.failed) {
        dump_write(reason, false);
        return;
    }
    __atomic_store_n(&control.wanted, reason, __ATOMIC_RELEASE);
    wait_for(&control.done, ask(), WAIT_S * SECOND_NS);
}

/* Not for ever, and not for long where the writing does not get on: the folder may be on a mount that is dead. Nor where who waits
   may have interrupted the loader. */
static bool wait_for_last_dump(int number, int64_t patience_ns)
{
    int64_t now = sys_monotonic_ns(), deadline = now + patience_ns, got_on = now;
    unsigned before = dump_progress();

    while (!wait_for(&control.done, number, SECOND_NS / 10)) {
        now = sys_monotonic_ns();
        if (dump_progress() != before)
            got_on = now;
        before = dump_progress();
        if (now > deadline || now - got_on > STALL_S * SECOND_NS || modules_loader_is_held())
            return false;
    }
    return true;
}

/* None is made if `reason` is NULL, but for one that was asked for before. */
static bool make_last_dump(const char *reason, int64_t patience_ns)
{
    const char *none = NULL;

    __atomic_store_n(&control.held, 1, __ATOMIC_RELEASE);
    if (reason != NULL)
        __atomic_store_n(&control.wanted, reason, __ATOMIC_RELEASE);
    else
        __atomic_compare_exchange_n(&control.wanted, &none, no_dump, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    return wait_for_last_dump(ask(), patience_ns);
}

bool control_hold(const char *reason, bool is_exec, int64_t patience_ns)
{
    control.is_exec = is_exec;
    if (control.failed || !wait_for(&control.ready, 1, CHILD_WAIT_MS * 1000000ll))
        return false;
    make_last_dump(reason, patience_ns);
    return true;
}

void control_end(const char *reason)
{
    control.is_exec = false;
    wait_for_begin();
    if (control.failed)
        end(reason);
    else if (make_last_dump(reason, WAIT_S * SECOND_NS))
        control_stop();
    else
        log_line("the folder %s takes too long; the process ends without its last dump", dump_folder());
}

void control_after_fork(pid_t parent)
{
    forget_thread();
    control.held = 0;
    control.in_child = true;
    control.wanted = NULL;
    control.status.mapping = NULL; /* the parent's stays mapped, and is no use */
    timer_after_fork();
    reach_after_fork();
    control.done = control.asked;
    memset(control.status.answers, 0, sizeof(control.status.answers));
    dump_after_fork();
    comments_after_fork(parent);
    dump_mark_was_set();
}
