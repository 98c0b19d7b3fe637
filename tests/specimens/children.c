/*
 * children HOW: ways in which a process comes to have children that go on by themselves. 20 blocks and 6 descriptors are there
 * before; what a child does stands in in_child(), and each child that does it writes "child PID" to the file "children".
 */
#include "inherited.h"
#include "specimen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 4
#define CONNECTIONS 40

static void tell(void)
{
    char line[32];
    int fd = use(open("children", O_WRONLY | O_APPEND | O_CREAT, 0600));
    int len = snprintf(line, sizeof(line), "child %d\n", getpid());

    MUST(write(fd, line, (size_t)len) == len && close(fd) == 0);
}

SITE void in_child(void)
{
    tell();
    for (int i = 0; i < 5; i++)
        free(blocks[i]);
    for (int i = 0; i < 3; i++)
        USE(malloc(77));
    use(open("/dev/null", O_RDONLY));
    close(use(open("/dev/null", O_RDONLY)));
}

static void expect(pid_t child, int code)
{
    int status;

    MUST(child > 0 && waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

static void plain(void)
{
    pid_t child = fork();

    if (child == 0) {
        in_child();
        exit(3);
    }
    expect(child, 3);
}

static void *allocate(void *unused)
{
    for (;;) {
        free(malloc(100));
        close(open("/dev/null", O_RDONLY));
    }
    return unused;
}

/* Ten times, so that threads are met inside of what they do. */
static void threaded(void)
{
    pthread_t thread;

    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&thread, NULL, allocate, NULL) == 0);
    for (int i = 0; i < 10; i++)
        plain();
}

static int depth;

static void fork_again(void)
{
    if (depth++ == 0)
        plain();
}

static void in_atfork_handler(void)
{
    MUST(pthread_atfork(fork_again, fork_again, NULL) == 0);
    plain();
}

static void child_handler(void)
{
    USE(malloc(77));
}

static void with_atfork_handler(void)
{
    MUST(pthread_atfork(NULL, NULL, child_handler) == 0);
    plain();
}

static void handler(int sig)
{
    MUST(sig == SIGUSR1);
    plain();
}

static void in_signal_handler(void)
{
    MUST(signal(SIGUSR1, handler) == SIG_DFL);
    MUST(raise(SIGUSR1) == 0);
}

static void doubly(void)
{
    int fds[2];
    pid_t child;
    char byte;

    MUST(pipe(fds) == 0);
    child = fork();
    if (child == 0) {
        MUST(setsid() > 0);
        if (fork() != 0)
            _exit(0);
        in_child();
        exit(3);
    }
    MUST(close(fds[1]) == 0);
    expect(child, 0);
    MUST(read(fds[0], &byte, 1) == 0 && close(fds[0]) == 0); /* the grandchild has ended */
}

static void daemonizes(void)
{
    MUST(daemon(1, 1) == 0);
    in_child();
    exit(3);
}

/* fork by a bare system call: nobody is told. */
static void bare(void)
{
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (child == 0) {
        for (int i = 0; i < 3; i++)
            USE(malloc(77));
        use(open("/dev/null", O_RDONLY));
        exit(3);
    }
    expect(child, 3);
}

static int cloned(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        USE(malloc(77));
    use(open("/dev/null", O_RDONLY));
    return 3;
}

static void by_clone(void)
{
    char *stack = malloc(65536);

    expect(clone(cloned, stack + 65536, SIGCHLD, NULL), 3);
    free(stack);
}

static void kept_by(pid_t child, int code)
{
    if (child == 0)
        exit(code);
    expect(child, code);
}

/* Children that have nothing to tell: that do nothing, that only give back. */
static void idle(void)
{
    pid_t child;

    kept_by(fork(), 0);
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++)
            free(blocks[i]);
        close(use(open("/dev/null", O_RDONLY)));
        _exit(4);
    }
    expect(child, 4);
}

SITE void only_opens(void)
{
    use(open("/dev/null", O_RDONLY));
    use(open("/dev/null", O_RDONLY));
}

static void opens(void)
{
    static const int codes[] = {0, 6};

    for (int i = 0; i < 2; i++) {
        pid_t child = fork();

        if (child == 0) {
            only_opens();
            if (i == 0)
                exit(codes[i]);
            _exit(codes[i]);
        }
        expect(child, codes[i]);
    }
}

/* What a signal does to a child is as without leaktrace; the dump signal of one that is not traced ends it, too. */
static void killed(void)
{
    static const int signals[] = {SIGUSR2, SIGTERM};

    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            for (int k = 0; k < 100; k++)
                free(malloc(10));
            raise(signals[i]);
            _exit(0);
        }
        MUST(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
    }
}

SITE void serves(int listener)
{
    tell();
    for (int i = 0; i < CONNECTIONS / WORKERS; i++) {
        int fd = use(accept(listener, NULL, NULL));

        USE(malloc(200));
        if (i % 2 == 0)
            close(fd);
    }
}

/* Workers that accept from one socket, as web servers have them; each leaks half of its descriptors. */
static void preforks(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int listener = use(socket(AF_INET, SOCK_STREAM, 0));
    pid_t workers[WORKERS];

    MUST(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, CONNECTIONS) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            serves(listener);
            exit(0);
        }
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        int fd = use(socket(AF_INET, SOCK_STREAM, 0));

        MUST(connect(fd, (struct sockaddr *)&address, len) == 0 && close(fd) == 0);
    }
    for (int i = 0; i < WORKERS; i++)
        expect(workers[i], 0);
    close(listener);
}

static const struct way {
    const char *name;
    void (*go)(void);
} ways[] = {
    {"plain", plain},     {"threaded", threaded},   {"in_atfork", in_atfork_handler}, {"with_atfork", with_atfork_handler},
    {"in_handler", in_signal_handler}, {"double", doubly}, {"daemon", daemonizes},    {"bare", bare},
    {"clone", by_clone},  {"idle", idle},           {"opens", opens},                 {"killed", killed},
    {"prefork", preforks},
};

int main(int argc, char **argv)
{
    const struct way *way = ways;

    MUST(argc == 2);
    before_children();
    while (strcmp(way->name, argv[1]) != 0)
        MUST(++way < ways + sizeof(ways) / sizeof(ways[0]));
    way->go();
    return 0;
}
