/* Sockets in each state that can be had on the loopback, one site each. Prints the addresses that tests want to see again. */
#include "specimen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in address_of(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);

    MUST(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
    return addr;
}

static void print_address(const char *what, int fd)
{
    struct sockaddr_in addr = address_of(fd);

    printf("%s %s:%d\n", what, inet_ntoa(addr.sin_addr), ntohs(addr.sin_port));
}

SITE int bound(int type, int backlog)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);

    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    MUST(backlog < 0 || listen(fd, backlog) == 0);
    return fd;
}

SITE int listens(void)
{
    int fd = bound(SOCK_STREAM, 16);

    print_address("listener", fd);
    return fd;
}

static int connect_to(int fd, int listener)
{
    struct sockaddr_in addr = address_of(listener);

    return connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

SITE int connects(int listener)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    MUST(fd >= 0 && connect_to(fd, listener) == 0);
    return fd;
}

SITE int connects_without_waiting(int listener)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    MUST(fd >= 0 && connect_to(fd, listener) == -1 && errno == EINPROGRESS);
    MUST(poll(&poll_fd, 1, 10000) == 1);
    return fd;
}

SITE int accepts(int listener)
{
    int fd = accept(listener, NULL, NULL);

    MUST(fd >= 0);
    return fd;
}

SITE int accepts4(int listener)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    int fd = accept4(listener, (struct sockaddr *)&addr, &len, SOCK_CLOEXEC);

    MUST(fd >= 0 && addr.sin_family == AF_INET);
    return fd;
}

/* Nobody listens there any more. */
SITE void is_refused(void)
{
    int listener = bound(SOCK_STREAM, 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = address_of(listener);

    print_address("refused", listener);
    MUST(close(listener) == 0);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 && errno == ECONNREFUSED);
}

/* A queue for one that is full: the next who comes gets no answer. */
SITE int syn_sent(int listener)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    MUST(fd >= 0 && connect_to(fd, listener) == -1 && errno == EINPROGRESS);
    return fd;
}

SITE int full_listener(void)
{
    int fd = bound(SOCK_STREAM, 0);

    print_address("full", fd);
    return fd;
}

static void fill(void)
{
    int listener = full_listener();
    int state;

    connects(listener);
    do {
        struct pollfd poll_fd = {.fd = syn_sent(listener), .events = POLLOUT};

        state = poll(&poll_fd, 1, 300);
        if (state == 1)
            close(poll_fd.fd);
    } while (state == 1);
}

SITE void peer_has_closed(int listener)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

    MUST(fd >= 0 && connect_to(fd, listener) == 0);
    MUST(close(accepts(listener)) == 0);
    MUST(poll(&poll_fd, 1, 10000) == 1);
}

SITE void by_socketpair(void)
{
    int fds[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    MUST(socketpair(AF_INET, SOCK_STREAM, 0, fds) == -1);
}

SITE void by_unix(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(addr.sun_family); /* the kernel chooses a name */
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    MUST(listener >= 0 && bind(listener, (struct sockaddr *)&addr, len) == 0 && listen(listener, 1) == 0);
    len = sizeof(addr);
    MUST(getsockname(listener, (struct sockaddr *)&addr, &len) == 0);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&addr, len) == 0);
}

SITE void by_udp(int to)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    MUST(fd >= 0 && connect_to(fd, to) == 0);
}

SITE void never_connected(void)
{
    MUST(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    MUST(socket(AF_INET, SOCK_STREAM, 12345) == -1);
}

int main(void)
{
    int listener = listens();
    int udp = bound(SOCK_DGRAM, -1);

    print_address("udp", udp);
    connects(listener);
    accepts(listener);
    connects_without_waiting(listener);
    accepts4(listener);
    close(connects(listener));
    close(accepts(listener));
    is_refused();
    fill();
    peer_has_closed(listener);
    by_socketpair();
    by_unix();
    by_udp(udp);
    never_connected();
    return 0;
}
