/* confined FILTER END: a program that gives up system calls once it runs, as servers and parsers do. Filters: "strict", the kernel's own
   four calls; "kill", "trap", "eperm" and "enosys" for all calls that its own work below does not need; "all_" in front: for all of its
   threads. "none" for the truth. It then works: allocates, writes, and ends by END: exit, _exit, or fork, where a child does the work.
   confined rare PROGRAM [ARG...] gives up calls that few programs make, on pain of death, and goes on to PROGRAM. */
#include "specimen.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What malloc, stdio, threads and the end of a process need. */
static const unsigned needed[] = {
    SYS_read,       SYS_write,     SYS_close,          SYS_mmap,          SYS_munmap,       SYS_mprotect,       SYS_madvise,
    SYS_brk,        SYS_mremap,    SYS_futex,          SYS_exit,          SYS_exit_group,   SYS_rt_sigreturn,   SYS_rt_sigprocmask,
    SYS_rt_sigaction, SYS_newfstatat, SYS_fstat,       SYS_clone,         SYS_clone3,       SYS_wait4,          SYS_getpid,
    SYS_gettid,     SYS_set_robust_list, SYS_rseq,     SYS_sched_yield,   SYS_restart_syscall, SYS_getrandom,   SYS_prctl,
    SYS_seccomp,
};

#define NEEDED (sizeof(needed) / sizeof(needed[0]))

static bool for_all;

static void install(unsigned verdict)
{
    struct sock_filter code[2 * NEEDED + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    struct sock_fprog program = {.filter = code};
    unsigned n = 1;

    for (unsigned i = 0; i < NEEDED; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, needed[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
    program.len = (unsigned short)n;
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (for_all)
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
    else
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void deny_rare(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.filter = code, .len = sizeof(code) / sizeof(code[0])};

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void confine(const char *how)
{
    for_all = strncmp(how, "all_", 4) == 0;
    how += for_all ? 4 : 0;
    if (strcmp(how, "strict") == 0)
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    if (strcmp(how, "kill") == 0)
        install(SECCOMP_RET_KILL_PROCESS);
    if (strcmp(how, "trap") == 0)
        install(SECCOMP_RET_TRAP);
    if (strcmp(how, "eperm") == 0)
        install(SECCOMP_RET_ERRNO | EPERM);
    if (strcmp(how, "enosys") == 0)
        install(SECCOMP_RET_ERRNO | ENOSYS);
}

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

SITE void keeps_more(void)
{
    for (int i = 0; i < 2000; i++)
        USE(malloc(120));
}

static void *begins(void *argument)
{
    USE(malloc(70));
    return argument;
}

/* Also in a thread that comes after the filter. */
static int work(bool threads)
{
    pthread_t thread;

    keeps_more();
    if (threads)
        MUST(pthread_create(&thread, NULL, begins, NULL) == 0 && pthread_join(thread, NULL) == 0);
    puts("worked");
    return 5;
}

static void in_strict(void)
{
    static const char said[] = "worked\n";
    void *volatile block = malloc(20);

    free(block);
    syscall(SYS_write, STDOUT_FILENO, said, sizeof(said) - 1);
    syscall(SYS_exit, 5);
}

static int in_child(void)
{
    pid_t child = fork();
    int status = 0;

    MUST(child >= 0);
    if (child == 0)
        exit(work(true));
    MUST(waitpid(child, &status, 0) == child);
    printf("status of the child %x\n", (unsigned)status);
    return 5;
}

int main(int argc, char **argv)
{
    int code;

    MUST(argc >= 3);
    keeps_three();
    if (strcmp(argv[1], "rare") == 0) {
        deny_rare();
        execv(argv[2], argv + 2);
    }
    puts("begins");
    fflush(stdout);
    confine(argv[1]);
    if (strcmp(argv[1], "strict") == 0)
        in_strict();
    code = strcmp(argv[2], "fork") == 0 ? in_child() : work(true);
    fflush(stdout);
    if (strcmp(argv[2], "_exit") == 0)
        _exit(code);
    return code;
}
