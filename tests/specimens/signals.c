/* signals MODE [SIGNAL]: a program that may use the dump signal itself. It prints "ready", does as it is told while its input
   lasts, and prints how often it has handled the signal. */
#include "specimen.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* old functions are what is tried here */

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

sighandler_t __sysv_signal(int sig, sighandler_t handler);
int __sigaction(int sig, const struct sigaction *action, struct sigaction *ret_before);

/* As old programs call it: today's linker would not find it. */
struct vector {
    sighandler_t handler;
    int mask;
    int flags;
};

int old_sigvec(int sig, const struct vector *vector, struct vector *ret_before);
__asm__(".symver old_sigvec, sigvec@GLIBC_2.2.5");

static volatile sig_atomic_t handled;
static int sig = SIGUSR2;

static void handler(int number)
{
    handled += number == sig;
}

static void action_handler(int number, siginfo_t *info, void *context)
{
    handled += number == sig && info != NULL && context != NULL;
}

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++) {
        USE(malloc(50));
        MUST(open("/dev/null", O_RDONLY) >= 0);
    }
}

static int input_lasts(void)
{
    struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&poll_fd, 1, 0) <= 0;
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

/* False at the end of the input. */
static int next_line(void)
{
    char c = '\0';
    ssize_t len;

    while (c != '\n') {
        len = read(STDIN_FILENO, &c, 1);
        if (len == 0 || (len < 0 && errno != EINTR))
            return 0;
    }
    return 1;
}

static void by_sigaction(void)
{
    struct sigaction action = {.sa_sigaction = action_handler, .sa_flags = SA_SIGINFO}, before, now;

    sigaddset(&action.sa_mask, SIGHUP);
    MUST(sigaction(sig, NULL, &before) == 0 && before.sa_handler == SIG_DFL && before.sa_flags == 0);
    memset(&before, 0x55, sizeof(before));
    MUST(sigaction(sig, &action, &before) == 0);
    MUST(before.sa_handler == SIG_DFL && before.sa_flags == 0 && sigisemptyset(&before.sa_mask));
    MUST(sigaction(sig, NULL, &now) == 0 && now.sa_sigaction == action_handler && sigismember(&now.sa_mask, SIGHUP) == 1);
}

static void by_signal(void)
{
    MUST(signal(sig, handler) == SIG_DFL);
    MUST(signal(sig, handler) == handler);
    MUST(signal(sig, SIG_ERR) == SIG_ERR);
}

static void by_sysv_signal(void)
{
    MUST(__sysv_signal(sig, handler) == SIG_DFL);
}

static void by_internal_sigaction(void)
{
    struct sigaction action = {.sa_handler = handler}, before;

    MUST(__sigaction(sig, &action, &before) == 0 && before.sa_handler == SIG_DFL);
    MUST(__sigaction(sig, NULL, &before) == 0 && before.sa_handler == handler);
}

static void by_sigset(void)
{
    MUST(sigset(sig, handler) == SIG_DFL);
    MUST(sigset(sig, SIG_HOLD) == handler);
    MUST(sigset(sig, handler) == SIG_HOLD);
    MUST(sigset(sig, handler) == handler);
    MUST(sigset(sig, SIG_DFL) == handler && sigset(sig, handler) == SIG_DFL);
}

static void by_sigvec(void)
{
    const struct vector vector = {.handler = handler, .flags = 2};
    struct vector before;

    MUST(old_sigvec(sig, &vector, &before) == 0 && before.handler == SIG_DFL);
    MUST(old_sigvec(sig, NULL, &before) == 0 && before.handler == handler && before.flags == 2);
}

static void by_sigignore(void)
{
    MUST(sigignore(sig) == 0);
    MUST(signal(sig, SIG_IGN) == SIG_IGN);
}

/* A changed flag does not change whose signal it is. */
static void interrupts(void)
{
    struct sigaction now;

    MUST(siginterrupt(sig, 1) == 0);
    MUST(sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_DFL && (now.sa_flags & SA_RESTART) == 0);
    MUST(siginterrupt(sig, 0) == 0);
    MUST(sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_DFL && (now.sa_flags & SA_RESTART) != 0);
}

static sigset_t block(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    return set;
}

static void by_sigwait(void)
{
    sigset_t set = block();
    int number;

    say("ready");
    MUST(sigwait(&set, &number) == 0 && number == sig);
    handled++;
    say("got");
}

static void by_sigwaitinfo(void)
{
    sigset_t set = block();
    siginfo_t info;

    say("ready");
    MUST(sigwaitinfo(&set, &info) == sig && info.si_signo == sig);
    handled++;
    say("got");
}

static void by_sigtimedwait(void)
{
    const struct timespec long_enough = {.tv_sec = 60}, none = {0};
    sigset_t set = block();
    siginfo_t info;

    MUST(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
    say("ready");
    MUST(sigtimedwait(&set, &info, &long_enough) == sig && info.si_signo == sig);
    handled++;
    say("got");
}

static void by_signalfd(void)
{
    sigset_t set = block();
    struct signalfd_siginfo info;
    int fd = signalfd(-1, &set, 0);

    MUST(fd >= 0);
    say("ready");
    MUST(read(fd, &info, sizeof(info)) == sizeof(info) && (int)info.ssi_signo == sig);
    handled++;
    say("got");
}

/* Blocked, it stays pending; who looks finds it so. */
static void blocks(void)
{
    sigset_t pending;

    block();
    say("ready");
    MUST(next_line());
    MUST(sigpending(&pending) == 0 && sigismember(&pending, sig) == 1);
    handled++;
    say("got");
}

/* Until a line has come; then what has waited is let through. */
static void blocks_until_told(void)
{
    sigset_t set = block();

    say("ready");
    MUST(next_line());
    MUST(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    say("unblocked");
}

/* As servers do: blocked but while they wait for what is next. Some of the time it works. */
static void blocks_but_in_poll(void)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t none;

    block();
    sigemptyset(&none);
    say("ready");
    while (ppoll(&input, 1, &moment, &none) == 0)
        for (volatile long i = 0; i < 30000000; i++)
            continue;
}

static void *unblocked(void *unused)
{
    pause();
    return unused;
}

static void blocks_in_one_thread(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, unblocked, NULL) == 0);
    block();
}

static void ignores(void)
{
    MUST(signal(sig, SIG_IGN) == SIG_DFL);
    MUST(signal(sig, SIG_IGN) == SIG_IGN);
}

static void inherits_ignored(void)
{
    MUST(signal(sig, SIG_IGN) == SIG_IGN);
}

static void gives_back(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, before;

    by_signal();
    MUST(signal(sig, SIG_DFL) == handler);
    MUST(signal(sig, SIG_DFL) == SIG_DFL);
    MUST(sigaction(sig, &action, &before) == 0 && before.sa_handler == SIG_DFL && (before.sa_flags & SA_RESTART) != 0);
}

/* Its own use begins when a line has come. */
static void late(void)
{
    say("ready");
    MUST(next_line());
    by_sigaction();
    say("taken");
}

static void forks(void)
{
    say("ready");
    while (input_lasts()) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            USE(malloc(10));
            _exit(5);
        }
        MUST(child > 0 && waitpid(child, &status, 0) == child);
        MUST(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    }
}

static void loads(void)
{
    say("ready");
    while (input_lasts()) {
        void *plugin = dlopen(getenv("PLUGIN"), RTLD_NOW);
        void *(*allocate)(size_t) = plugin == NULL ? NULL : (void *(*)(size_t))dlsym(plugin, "plugin_allocate");

        MUST(allocate != NULL);
        free(allocate(33));
        MUST(dlclose(plugin) == 0);
    }
}

static void *outlive(void *unused)
{
    char stat_buf[512] = "", *end;

    /* Until the kernel says that the first thread is a zombie. */
    do {
        int fd = open("/proc/self/stat", O_RDONLY);

        MUST(read(fd, stat_buf, sizeof(stat_buf) - 1) > 0);
        close(fd);
        end = strrchr(stat_buf, ')');
    } while (end == NULL || end[2] != 'Z');
    say("ready");
    while (next_line())
        continue;
    exit(6);
    return unused;
}

static void ends_main(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, outlive, NULL) == 0);
    pthread_exit(NULL);
}

static void nothing(void)
{
}

/* Ends a little later, a little more so with each input byte. */
static void raises(void)
{
    struct timespec pause = {0};
    char c;

    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        pause.tv_nsec += 100000;
    kill(getpid(), sig);
    nanosleep(&pause, NULL);
    exit(0);
}

static const struct mode {
    const char *name;
    void (*run)(void);
} modes[] = {
    {"wait", nothing},       {"sigaction", by_sigaction}, {"signal", by_signal}, {"sysv_signal", by_sysv_signal},
    {"ignore", ignores},     {"inherit_ignored", inherits_ignored}, {"give_back", gives_back}, {"late", late},
    {"internal", by_internal_sigaction}, {"sigset", by_sigset}, {"sigvec", by_sigvec}, {"sigignore", by_sigignore},
    {"interrupt", interrupts}, {"sigwait", by_sigwait},     {"sigwaitinfo", by_sigwaitinfo}, {"sigtimedwait", by_sigtimedwait},
    {"signalfd", by_signalfd}, {"block", blocks},            {"block_until_told", blocks_until_told},
    {"block_but_in_poll", blocks_but_in_poll}, {"block_in_one_thread", blocks_in_one_thread},
    {"fork", forks},         {"load", loads},             {"end_main", ends_main}, {"raise", raises},
};

int main(int argc, char **argv)
{
    const struct mode *mode = modes;

    MUST(argc >= 2);
    if (argc == 3)
        sig = atoi(argv[2]);
    keeps_three();
    while (strcmp(mode->name, argv[1]) != 0)
        MUST(++mode < modes + sizeof(modes) / sizeof(modes[0]));
    mode->run();
    say("ready");
    while (next_line())
        continue;
    printf("handled %d\n", (int)handled);
    return 0;
}
