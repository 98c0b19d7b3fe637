/* Descriptors that are left open, or not. */
#include "case.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

SITE int site_open(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    MUST(fd > 2);
    return fd;
}

SITE void site_pipe(int ends[2])
{
    MUST(pipe(ends) == 0);
}

SITE void site_dup(int fd)
{
    MUST(dup(fd) > 2);
}

SITE void site_sockets(void)
{
    int pair[2];

    MUST(socket(AF_INET, SOCK_STREAM, 0) > 2 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

SITE void site_special(void)
{
    MUST(epoll_create1(0) > 2 && eventfd(0, 0) > 2 && timerfd_create(CLOCK_MONOTONIC, 0) > 2 && memfd_create("file", 0) > 2);
}

SITE FILE *site_fopen(void)
{
    FILE *file = fopen("/dev/null", "r");

    MUST(file != NULL);
    return file;
}

SITE int site_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);

    MUST(fd > 2);
    return fd;
}

static int leave_open(void)
{
    for (int i = 0; i < 5; i++)
        site_open();
    return 0;
}

static int leave_one_end(void)
{
    int ends[2];

    site_pipe(ends);
    close(ends[1]);
    return 0;
}

static int leave_dup(void)
{
    int fd = site_open();

    site_dup(fd);
    close(fd);
    return 0;
}

static int leave_sockets(void)
{
    site_sockets();
    return 0;
}

static int leave_special(void)
{
    site_special();
    return 0;
}

static int leave_stream(void)
{
    site_fopen();
    return 0;
}

/* A connection that both ends have, of which the accepting one is not closed. */
static int leave_accepted(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

    MUST(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    MUST(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    site_accept(listener);
    close(client);
    close(listener);
    return 0;
}

static int close_all(void)
{
    int ends[2];

    close(site_open());
    site_pipe(ends);
    close(ends[0]);
    close(ends[1]);
    fclose(site_fopen());
    site_sockets();
    site_special();
    close_range(3, ~0u, 0);
    return 0;
}

/* A descriptor above the first three that the program was given: the runner's, or a shell's. */
static int leave_inherited(void)
{
    MUST(fcntl(3, F_GETFD) >= 0);
    return 0;
}

/* The usual way: the child does not close what the parent has. */
static int fork_with_open(void)
{
    int fd = site_open();
    pid_t child = fork();

    if (child == 0)
        exit(0);
    close(fd);
    MUST(waitpid(child, NULL, 0) == child);
    return 0;
}

static int leave_open_in_child(void)
{
    pid_t child = fork();

    if (child == 0) {
        site_open();
        exit(0);
    }
    MUST(waitpid(child, NULL, 0) == child);
    return 0;
}

/* Standard input, output and error made anew are not left open. */
static int replace_standard(void)
{
    close(0);
    MUST(open("/dev/null", O_RDONLY) == 0);
    return 0;
}

const struct gate_case gate_cases[] = {
    {"open", leave_open},
    {"pipe", leave_one_end},
    {"dup", leave_dup},
    {"sockets", leave_sockets},
    {"special", leave_special},
    {"stream", leave_stream},
    {"accepted", leave_accepted},
    {"closed", close_all},
    {"inherited", leave_inherited},
    {"closed_after_fork", fork_with_open},
    {"child", leave_open_in_child},
    {"standard", replace_standard},
    {NULL, NULL},
};
