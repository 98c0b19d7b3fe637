/* churn open|connect|thread COUNT: makes and ends so many of one kind, one after the other: files, connections over the
   loopback (accepted in the same thread), or threads. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_close(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -1 : close(fd);
}

/* Connections end by a reset, so that the loopback does not run out of ports. */
static int connect_close(void)
{
    static struct sockaddr_in address = {.sin_family = AF_INET};
    static socklen_t len = sizeof(address);
    static int listener = -1;
    const struct linger at_once = {.l_onoff = 1};
    int here, there;

    if (listener < 0) {
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listener = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 16) != 0 ||
            getsockname(listener, (struct sockaddr *)&address, &len) != 0)
            return -1;
    }
    here = socket(AF_INET, SOCK_STREAM, 0);
    if (here < 0 || connect(here, (struct sockaddr *)&address, len) != 0)
        return -1;
    there = accept(listener, NULL, NULL);
    setsockopt(here, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return there < 0 || close(here) != 0 ? -1 : close(there);
}

static void *nothing(void *unused)
{
    return unused;
}

static int create_join(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 ? pthread_join(thread, NULL) : -1;
}

int main(int argc, char **argv)
{
    const char *kind = argc == 3 ? argv[1] : "";
    int (*once)(void) = strcmp(kind, "open") == 0      ? open_close
                        : strcmp(kind, "connect") == 0 ? connect_close
                        : strcmp(kind, "thread") == 0  ? create_join
                                                       : NULL;

    if (once == NULL)
        return 2;
    for (long i = atol(argv[2]); i > 0; i--)
        if (once() != 0) {
            perror(kind);
            return 1;
        }
    return 0;
}
