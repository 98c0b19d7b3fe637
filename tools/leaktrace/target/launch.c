/* Running a program. Owns the signals of the command while it runs; called by `leaktrace run`. */
#include "target/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was in force when the command was started, and what the program must find. */
struct inherited {
    sigset_t mask;
    struct sigaction child_action;
};

static void block_signals(struct inherited *ret_inherited, sigset_t *ret_awaited)
{
    static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD};
    const struct sigaction standard = {.sa_handler = SIG_DFL};

    sigemptyset(ret_awaited);
    for (unsigned i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(ret_awaited, passed_on[i]);
    sigprocmask(SIG_BLOCK, ret_awaited, &ret_inherited->mask);
    /* A parent that ignores SIGCHLD would leave us without the exit status. */
    sigaction(SIGCHLD, &standard, &ret_inherited->child_action);
}

/* In the child. Tells the parent through `report` why it could not become the program. */
static _Noreturn void become(char **argv, const struct launch_variable *variables, unsigned n_variables,
                             const struct inherited *inherited, int report)
{
    int error = 0;

    for (unsigned i = 0; i < n_variables && error == 0; i++)
        if (setenv(variables[i].name, variables[i].value, 1) != 0)
            error = errno;
    sigaction(SIGCHLD, &inherited->child_action, NULL);
    sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
    if (error == 0) {
        execvp(argv[0], argv);
        error = errno;
    }
    while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
        ;
    _exit(127);
}

/* Waits until the child has become the program, or has said why not. */
static int read_exec_error(int report)
{
    int error = 0;
    ssize_t n;

    do {
        n = read(report, &error, sizeof(error));
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

static bool has_ended(int pid, int *ret_status)
{
    pid_t ended;

    do {
        ended = waitpid(pid, ret_status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    return ended != 0;
}

static void wait_for_end(int pid, const sigset_t *awaited, struct launch *ret_launch)
{
    int status = 0;

    while (!has_ended(pid, &status)) {
        siginfo_t info;
        int sig = sigwaitinfo(awaited, &info);

        /* Positive codes are the kernel's: the terminal, which has sent it to the program as well. */
        if (sig > 0 && sig != SIGCHLD && info.si_code <= 0)
            kill(pid, sig);
    }
    ret_launch->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ret_launch->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int launch_program(char **argv, const struct launch_variable *variables, unsigned n_variables,
                   struct launch *ret_launch)
{
    struct launch launch = {.pid = 0};
    struct inherited inherited;
    sigset_t awaited;
    int report[2], error = 0;

    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    block_signals(&inherited, &awaited);
    launch.pid = fork();
    if (launch.pid == 0)
        become(argv, variables, n_variables, &inherited, report[1]);
    if (launch.pid < 0)
        error = errno;
    close(report[1]);
    if (error == 0) {
        launch.exec_error = read_exec_error(report[0]);
        wait_for_end(launch.pid, &awaited, &launch);
    }
    close(report[0]);
    sigaction(SIGCHLD, &inherited.child_action, NULL);
    sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
    if (error == 0)
        *ret_launch = launch;
    return -error;
}
