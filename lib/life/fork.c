/*
 * The child of fork. Owns the moment of the fork.
 *
 * Every table is valid at any instant (see lib/README.md), so nothing is held over a fork but the right to ask the loader
 * (snapshot/modules): the child only declares all locks free and forgets the threads that it does not have. Its own thread is
 * made at its first allocation, so that a child that goes on to exec pays nothing; in one that never allocates, but has opened
 * something that is still open, at its end.
 */
#include "life/life.h"

#include "base/sys.h"
#include "dump/control.h"
#include "hook/hook_thread.h"
#include "hook/real.h"
#include "life/disposition.h"
#include "record/record.h"
#include "snapshot/modules.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#define YOUNG_NS 1000000000ll

static bool becoming_daemon, left_for_daemon;
static int64_t forked_ns; /* CLOCK_MONOTONIC; 0: this process was not forked */

static void begin_child(void)
{
    control_start();
}

void life_leave(void)
{
    record_enable(0);
    disposition_leave(DISPOSITION_ALL);
    life.stage = LIFE_LEFT;
}

static void forget_parent(void)
{
    pid_t parent = life.pid;

    life.pid = sys_getpid();
    forked_ns = sys_monotonic_ns();
    record_after_fork();
    hook_thread_after_fork();
    converter_after_fork();
    modules_after_fork();
    control_after_fork(parent);
    test_note(parent);
}

static void in_child(void)
{
    if (life.stage == LIFE_LEFT) {
        modules_after_fork();
        return;
    }
    forget_parent();
    if (life.stage != LIFE_RUNNING && life.stage != LIFE_ENDED)
        return;
    becoming_daemon = false;
    life_thread_is_away = 0;
    exit_is_undone();
    if ((life.options.follow & OPTION_FOLLOW_FORK) == 0) {
        life_leave();
        return;
    }
    /* See life/fatal. */
    if (life.pid == 1)
        disposition_leave(DISPOSITION_QUIET);
    if (!record_at_next_allocation(begin_child))
        begin_child();
}

static void in_parent(void)
{
    modules_after_fork_in_parent();
    if (!becoming_daemon || life.stage != LIFE_RUNNING)
        return;
    exit_dump("daemon");
    left_for_daemon = true;
}

/* The fork has failed after all. */
static void stay(void)
{
    left_for_daemon = false;
    exit_is_undone();
    record_ignore_begin();
    control_start();
    record_ignore_end();
}

/* With leaktrace's thread libc takes locks over a fork that it would not take for one thread. A handler that comes in between and
   forks would wait for itself, and one that waits for leaktrace's thread for both. */
HOOK pid_t fork(void)
{
    sigset_t all, before, now;
    pid_t child;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_sigmask(SIG_SETMASK, NULL, &all);
    child = real_fork();
    /* Handlers of pthread_atfork may have set another mask. */
    if (pthread_sigmask(SIG_SETMASK, NULL, &now) == 0 && memcmp(&now, &all, _NSIG / 8) == 0)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return child;
}

/* libc's daemon() ends the parent without a call that could be hooked, right behind the fork. */
HOOK int daemon(int keep_folder, int keep_output)
{
    int result;

    becoming_daemon = true;
    result = real_daemon(keep_folder, keep_output);
    becoming_daemon = false;
    if (left_for_daemon)
        stay();
    return result;
}

static bool has_opened_something(void)
{
    int limit = fd_table_limit();
    struct fd_entry entry;

    for (int fd = 0; fd < limit; fd++)
        if (fd_table_get(fd, &entry) && entry.born_ns > forked_ns)
            return true;
    return false;
}

bool fork_child_begins_late(void)
{
    if (forked_ns == 0 || !has_opened_something())
        return false;
    record_ignore_begin();
    begin_child();
    record_ignore_end();
    return true;
}

bool fork_child_is_young(void)
{
    return forked_ns != 0 && sys_monotonic_ns() - forked_ns < YOUNG_NS;
}

void fork_init(void)
{
    pthread_atfork(modules_before_fork, in_parent, in_child);
}
