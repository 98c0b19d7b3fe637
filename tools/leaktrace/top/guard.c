/* The guard of the terminal. Owns the way to it; called by terminal.c. */
#include "top/guard.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static int guard_end = -1; /* of the pair of sockets; -1: there is no guard */

static bool is_same(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag && a->c_cflag == b->c_cflag;
}

/* A shell may have set the terminal already: then its settings are left alone. */
static void give_back(const struct termios *before, const struct termios *ours, const char *leave)
{
    struct termios now;
    ssize_t written = write(STDOUT_FILENO, leave, strlen(leave));

    (void)written;
    if (tcgetattr(STDIN_FILENO, &now) == 0 && is_same(&now, ours))
        tcsetattr(STDIN_FILENO, TCSANOW, before);
}

/* Waits until the other end is gone. */
static void keep_watch(int from, const struct termios *before, const struct termios *ours, const char *leave)
{
    sigset_t all;
    char word, last = 0;

    setpgid(0, 0);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    while (read(from, &word, 1) == 1)
        last = word;
    if (last)
        give_back(before, ours, leave);
}

void guard_start(const struct termios *before, const struct termios *ours, const char *leave)
{
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return;
    pid = fork();
    if (pid == 0) {
        close(ends[1]);
        keep_watch(ends[0], before, ours, leave);
        _exit(0);
    }
    close(ends[0]);
    if (pid > 0)
        guard_end = ends[1];
    else
        close(ends[1]);
}

void guard_tell(bool is_ours)
{
    char word = is_ours;

    if (guard_end >= 0 && send(guard_end, &word, 1, MSG_NOSIGNAL) != 1)
        guard_end = -1;
}
