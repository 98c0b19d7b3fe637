/* corners NAME: places where a second thread, a handler that stands in, or an address that is used again could be felt. Each ends with
   status 7, or as its name says; what it prints is the same with and without leaktrace. */
#include "specimen.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void fork_once(int sig)
{
    pid_t child = fork();

    (void)sig;
    if (child == 0)
        _exit(0);
    wait_for(child);
    handled++;
}

/* A handler forks wherever a fork is interrupted. */
static int forks_in_fork(void)
{
    const struct itimerval soon = {.it_interval = {.tv_usec = 500}, .it_value = {.tv_usec = 500}}, never = {0};

    MUST(signal(SIGALRM, fork_once) != SIG_ERR && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    while (handled < 500) {
        pid_t child = fork();

        if (child == 0)
            _exit(0);
        wait_for(child);
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
    return 7;
}

static void count(int sig)
{
    (void)sig;
    handled++;
}

/* A child of vfork sets dispositions as shells do for jobs in the background. */
static int vfork_ignores(void)
{
    struct sigaction now;
    pid_t child = vfork();

    if (child == 0) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, count);
        _exit(0);
    }
    wait_for(child);
    MUST(sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    MUST(sigaction(SIGTERM, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    MUST(signal(SIGINT, count) == SIG_DFL && raise(SIGINT) == 0 && handled == 1);
    return 7;
}

/* A filter that kills who asks for its number; the child makes no such call. */
static int forks_behind_filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    int status = -1;
    pid_t child;

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    child = fork();
    if (child == 0) {
        free(malloc(10));
        _exit(2);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 2);
    return 7;
}

static void *change_user(void *unused)
{
    for (;;)
        if (setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1) != 0)
            return unused;
}

/* leaktrace's thread is away most of the time. */
static int ends_while_users_change(void)
{
    pthread_t thread;

    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&thread, NULL, change_user, NULL) == 0);
    usleep(20000);
    return 7;
}

static int executes_nonsense(void)
{
    char *arguments[] = {"true", NULL};

    char *volatile nowhere = (char *)1;

    MUST(execve("/bin/true", arguments, (char **)(void *)nowhere) == -1 && errno == EFAULT);
    MUST(execve("/bin/true", arguments, (char *[]){nowhere, NULL}) == -1 && errno == EFAULT);
    MUST(execveat(AT_FDCWD, nowhere, arguments, arguments + 1, 0) == -1 && errno == EFAULT);
    return 7;
}

SITE void *of_plugin(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW);
    void *(*plugin_frames)(size_t) = plugin == NULL ? NULL : (void *(*)(size_t))dlsym(plugin, "plugin_frames");
    void *block;

    MUST(plugin_frames != NULL);
    block = plugin_frames(33);
    MUST(dlclose(plugin) == 0);
    return block;
}

/* Two plugins of different frames come to the same place by turns, in a forked child. */
static int forked_child_unloads(const char *narrow, const char *wide)
{
    int status = -1;
    pid_t child = fork();

    for (int i = 0; child == 0 && i < 100; i++)
        MUST(of_plugin(i % 2 == 0 ? narrow : wide) != NULL);
    if (child == 0)
        exit(7);
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } corners[] = {
        {"forks_in_fork", forks_in_fork},
        {"vfork_ignores", vfork_ignores},
        {"forks_behind_filter", forks_behind_filter},
        {"ends_while_users_change", ends_while_users_change},
        {"executes_nonsense", executes_nonsense},
    };

    MUST(argc >= 2);
    if (argc == 4)
        return forked_child_unloads(argv[2], argv[3]);
    for (size_t i = 0; i < sizeof(corners) / sizeof(corners[0]); i++)
        if (strcmp(argv[1], corners[i].name) == 0)
            return corners[i].run();
    return 2;
}
