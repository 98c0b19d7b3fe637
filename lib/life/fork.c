/*
 * The child of fork. Owns nothing.
 *
 * Every table is valid at any instant (see lib/README.md), so nothing is held over a fork but the right to ask the loader
 * (snapshot/modules): the child only declares all locks free and forgets the threads that it does not have. Its own thread is
 * made at its first allocation, so that a child that goes on to exec pays nothing.
 */
#include "life/life.h"

#include "dump/control.h"
#include "hook/hook_thread.h"
#include "record/record.h"
#include "snapshot/modules.h"

#include <pthread.h>

static void begin_child(void)
{
    control_start();
}

static void in_child(void)
{
    record_after_fork();
    hook_thread_after_fork();
    modules_after_fork();
    control_after_fork();
    if (life.stage == LIFE_ENDED)
        return;
    if (!record_at_next_allocation(begin_child))
        begin_child();
}

void fork_init(void)
{
    pthread_atfork(modules_before_fork, modules_after_fork_in_parent, in_child);
}
