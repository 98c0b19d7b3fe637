/* Running a program. Owns the signals of the command while it runs; called by target/traced. */
#include "target/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void block_signals(struct launch_signals *ret_signals)
{
    static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD};
    const struct sigaction standard = {.sa_handler = SIG_DFL};

    sigemptyset(&ret_signals->awaited);
    for (unsigned i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&ret_signals->awaited, passed_on[i]);
    sigprocmask(SIG_BLOCK, &ret_signals->awaited, &ret_signals->mask);
    /* A parent that ignores SIGCHLD would leave us without the exit status. */
    sigaction(SIGCHLD, &standard, &ret_signals->child_action);
}

/* In the child. Tells the parent through `report` why it could not become the program. */
static _Noreturn void become(char **argv, const struct launch_variable *variables, unsigned n_variables,
                             const struct launch_signals *before, int report)
{
    int error = 0;

    for (unsigned i = 0; i < n_variables && error == 0; i++)
        if (setenv(variables[i].name, variables[i].value, 1) != 0)
            error = errno;
    sigaction(SIGCHLD, &before->child_action, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
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

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000l + now.tv_nsec / 1000000;
}

/* The next signal, until `deadline_ms` (negative: without end); 0 or less: none. */
static int take_signal(const sigset_t *awaited, int64_t deadline_ms, siginfo_t *ret_info)
{
    int64_t left = deadline_ms - now_ms();
    struct timespec timeout;

    if (deadline_ms < 0)
        return sigwaitinfo(awaited, ret_info);
    left = left < 0 ? 0 : left;
    timeout = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    return sigtimedwait(awaited, ret_info, &timeout);
}

bool launch_wait(struct launch *launch, int timeout_ms)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    int status = 0;

    while (!launch->ended && !has_ended(launch->pid, &status)) {
        siginfo_t info;
        int sig = take_signal(&launch->signals.awaited, deadline_ms, &info);

        if (sig > 0 && sig == launch->taken_signal) {
            launch->n_taken++;
            return false;
        }
        /* Positive codes are the kernel's: the terminal, which has sent it to the program as well. */
        if (sig > 0 && sig != SIGCHLD && info.si_code <= 0)
            kill(launch->pid, sig);
        if (sig <= 0 && errno == EAGAIN)
            return false;
    }
    if (launch->ended)
        return true;
    launch->ended = true;
    launch->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    launch->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

int launch_start(char **argv, const struct launch_variable *variables, unsigned n_variables, struct launch *ret_launch)
{
    struct launch launch = {.pid = 0};
    int report[2], error = 0;

    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    block_signals(&launch.signals);
    launch.pid = fork();
    if (launch.pid == 0)
        become(argv, variables, n_variables, &launch.signals, report[1]);
    if (launch.pid < 0)
        error = errno;
    close(report[1]);
    if (error == 0)
        launch.exec_error = read_exec_error(report[0]);
    close(report[0]);
    if (error != 0)
        launch_finish(&launch);
    else
        *ret_launch = launch;
    return -error;
}

void launch_finish(struct launch *launch)
{
    sigaction(SIGCHLD, &launch->signals.child_action, NULL);
    sigprocmask(SIG_SETMASK, &launch->signals.mask, NULL);
}
