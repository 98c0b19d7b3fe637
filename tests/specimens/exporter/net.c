#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void raise_open_files_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int64_t now_in_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t deadline_after(int milliseconds)
{
    return now_in_milliseconds() + milliseconds;
}

int listen_on_loopback(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int yes = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, SOMAXCONN) != 0) {
        int error = errno;
        close(listener);
        errno = error;
        return -1;
    }
    return listener;
}

int accept_connection(int listener)
{
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
        /* The client stays in the queue, so that the listener stays readable: do not spin. */
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    return connection;
}

uint16_t get_local_port(int socket)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    getsockname(socket, (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

bool wait_for(int socket, short events, int64_t deadline)
{
    for (;;) {
        int64_t remaining = deadline - now_in_milliseconds();
        if (remaining <= 0) {
            errno = ETIMEDOUT;
            return false;
        }
        struct pollfd entry = {.fd = socket, .events = events};
        int ready = poll(&entry, 1, (int)remaining);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

ssize_t receive_some(int socket, void *data, size_t size, int64_t deadline)
{
    for (;;) {
        ssize_t received = recv(socket, data, size, 0);
        if (received >= 0)
            return received;
        if (errno == EAGAIN) {
            if (!wait_for(socket, POLLIN, deadline))
                return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

bool send_all(int socket, const void *data, size_t size, int64_t deadline)
{
    const char *next = data;
    while (size > 0) {
        ssize_t sent = send(socket, next, size, MSG_NOSIGNAL);
        if (sent >= 0) {
            next += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN) {
            if (!wait_for(socket, POLLOUT, deadline))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}
