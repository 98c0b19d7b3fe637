/* The end of the process: the destructor, and hooks of the calls that end it without one. Owns nothing. */
#include "life/life.h"

#include "base/sys.h"
#include "dump/control.h"
#include "hook/hook_thread.h"
#include "hook/real.h"
#include "record/record.h"

#include <stdlib.h>
#include <unistd.h>

void exit_dump(const char *reason)
{
    /* A child of vfork is not the process; a child of fork that has done nothing since has nothing to tell. */
    if (__atomic_load_n(&life.stage, __ATOMIC_ACQUIRE) != LIFE_RUNNING || !record_is_own_process() || !control_has_begun())
        return;
    if (__atomic_exchange_n(&life.stage, LIFE_ENDED, __ATOMIC_ACQ_REL) != LIFE_RUNNING)
        return;
    control_end(life.options.at_exit ? reason : NULL);
}

void hook_thread_last_ends(void)
{
    if (life.stage == LIFE_RUNNING && record_is_own_process() && control_has_begun())
        control_give_way();
}

__attribute__((destructor)) static void destruct(void)
{
    exit_dump("exit");
}

HOOK void _exit(int status)
{
    exit_dump("_exit");
    real__exit(status);
    __builtin_unreachable();
}

HOOK void _Exit(int status)
{
    exit_dump("_Exit");
    real__Exit(status);
    __builtin_unreachable();
}

HOOK void quick_exit(int status)
{
    exit_dump("quick_exit");
    real_quick_exit(status);
    __builtin_unreachable();
}
