/*
 * Changes of user and group. Owns nothing.
 *
 * For the kernel these are matters of one thread. libc changes them in each, and ends the process with abort() when that succeeds in
 * one thread and fails in another. They do when the program has changed what else is a thread's own: its capabilities, or
 * PR_SET_KEEPCAPS. So leaktrace's thread ends before the call, and the one behind it begins with what the program has then.
 */
#include "life/life.h"

#include "hook/real.h"

#include <grp.h>
#include <unistd.h>

HOOK int setuid(uid_t uid)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setuid(uid);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setgid(gid_t gid)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setgid(gid);
    life_start_thread_again(&pause);
    return result;
}

HOOK int seteuid(uid_t uid)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_seteuid(uid);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setegid(gid_t gid)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setegid(gid);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setreuid(uid_t real, uid_t effective)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setreuid(real, effective);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setregid(gid_t real, gid_t effective)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setregid(real, effective);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setresuid(real, effective, saved);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setresgid(real, effective, saved);
    life_start_thread_again(&pause);
    return result;
}

HOOK int setgroups(size_t n, const gid_t *groups)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_setgroups(n, groups);
    life_start_thread_again(&pause);
    return result;
}

HOOK int initgroups(const char *user, gid_t group)
{
    struct life_pause pause;
    int result;

    life_stop_thread(&pause);
    result = real_initgroups(user, group);
    life_start_thread_again(&pause);
    return result;
}
