/* refusing CALL[,CALL] PROGRAM [ARG...]: runs a program under a filter that refuses system calls with EPERM, as container engines do.
   A CALL is "unshare", or "clone_files": clone without CLONE_FILES, but for the making of processes. */
#include "specimen.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void install(struct sock_filter *filter, unsigned short n)
{
    const struct sock_fprog program = {.len = n, .filter = filter};

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void refuse_unshare(void)
{
    struct sock_filter filter[] = {
        LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1), REFUSE, ALLOW,
    };

    install(filter, sizeof(filter) / sizeof(filter[0]));
}

static void refuse_clone_files(void)
{
    struct sock_filter filter[] = {
        LOAD(nr),      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        LOAD(args[0]), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_FILES, 1, 0), REFUSE,
        ALLOW,
    };

    install(filter, sizeof(filter) / sizeof(filter[0]));
}

int main(int argc, char **argv)
{
    MUST(argc > 2);
    if (strstr(argv[1], "unshare") != NULL)
        refuse_unshare();
    if (strstr(argv[1], "clone_files") != NULL)
        refuse_clone_files();
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 126;
}
