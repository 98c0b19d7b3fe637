/* Changes user and group after it has changed what is a thread's own; each of these fails or succeeds as it does without leaktrace. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *kept;

static void tell(const char *what, int result)
{
    printf("%s %s\n", what, result == 0 ? "done" : strerror(errno));
    fflush(stdout);
}

/* Gives up the right to become somebody else, in this thread. */
static void drop(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    tell("capget", (int)syscall(SYS_capget, &header, data));
    data[0].effective &= ~(1u << capability);
    data[0].permitted &= ~(1u << capability);
    tell("capset", (int)syscall(SYS_capset, &header, data));
}

/* As setpriv and capsh do: capabilities outlive the change of user, and serve to change the group. */
static void keep_capabilities(void)
{
    tell("keepcaps", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
    tell("setresuid", setresuid(65534, 65534, 65534));
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    tell("capget", (int)syscall(SYS_capget, &header, data));
    data[0].effective = data[0].permitted;
    tell("capset", (int)syscall(SYS_capset, &header, data));
    tell("setresgid", setresgid(65534, 65534, 65534));
    tell("setgroups", setgroups(0, NULL));
}

int main(int argc, char **argv)
{
    kept = malloc(100);
    if (argc > 1 && strcmp(argv[1], "keep") == 0) {
        keep_capabilities();
    } else {
        drop(CAP_SETGID);
        tell("setgid", setgid(65534));
        tell("setegid", setegid(65534));
        tell("setregid", setregid(65534, 65534));
        tell("setgroups", setgroups(0, NULL));
        tell("initgroups", initgroups("nobody", 65534));
        drop(CAP_SETUID);
        tell("setuid", setuid(65534));
        tell("seteuid", seteuid(65534));
        tell("setreuid", setreuid(65534, 65534));
    }
    printf("%d %d %d %d\n", (int)getuid(), (int)geteuid(), (int)getgid(), (int)getegid());
    return 0;
}
