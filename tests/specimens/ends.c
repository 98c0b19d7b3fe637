/*
 * ends HOW [SIGNAL] [thread]: ends that a signal makes. Three blocks are live at each of them. With "thread", a thread ends the
 * process while others allocate.
 */
#include "specimen.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int sig;
static sigjmp_buf back;

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

static void send(void)
{
    kill(getpid(), sig);
    for (;;)
        pause();
}

static void raises(void)
{
    raise(sig);
}

static void segv(void)
{
    *(volatile int *)8 = 1;
}

static void bus(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(tmpfile()), 0);

    page[0] = 1;
}

static void fpe(void)
{
    volatile int seven = 7, zero = 0;

    seven = seven / zero;
}

static void ill(void)
{
    __asm__ volatile("ud2");
}

static void trap(void)
{
    __asm__ volatile("int3");
}

static void alarms(void)
{
    alarm(1);
    for (;;)
        pause();
}

static void cpu(void)
{
    const struct rlimit one = {.rlim_cur = 1, .rlim_max = 5};

    MUST(setrlimit(RLIMIT_CPU, &one) == 0);
    __asm__ volatile("1: jmp 1b"); /* one instruction: the core shows the same place each time */
}

static void breaks_pipe(void)
{
    int fds[2];

    MUST(pipe(fds) == 0 && close(fds[0]) == 0);
    MUST(write(fds[1], "x", 1) == 1);
}

/* Blocked but for the moment in which it is waited for: the mask that was before must not save the process. */
static void suspends(void)
{
    sigset_t set, none;

    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, sig);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    kill(getpid(), sig);
    sigsuspend(&none);
    printf("survived\n");
}

SITE int recurse(volatile char *outer)
{
    volatile char room[4096];

    room[0] = *outer;
    return recurse(room) + room[0];
}

static void overflows(void)
{
    volatile char start = 1;

    recurse(&start);
}

static void overflows_with_stack(void)
{
    const stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};

    MUST(sigaltstack(&stack, NULL) == 0);
    overflows();
}

static void exits_now(void)
{
    exit(31);
}

static void exits_at_once(void)
{
    _exit(32);
}

static void exits_quickly(void)
{
    quick_exit(33);
}

static void ignored(void)
{
    MUST(signal(sig, SIG_IGN) == SIG_DFL);
    raise(sig);
    printf("still here\n");
    MUST(signal(sig, SIG_DFL) == SIG_IGN);
    raise(sig);
}

static void exits(int number)
{
    (void)number;
    printf("handled\n");
    exit(41);
}

static void own_handler_exits(void)
{
    MUST(signal(sig, exits) == SIG_DFL);
    raise(sig);
}

static void gives_up(int number)
{
    static const char line[] = "handled\n";

    MUST(write(STDOUT_FILENO, line, sizeof(line) - 1) > 0);
    MUST(signal(number, SIG_DFL) == gives_up);
    raise(number);
}

static void own_handler_gives_up(void)
{
    MUST(signal(sig, gives_up) == SIG_DFL);
    raise(sig);
}

static void once(int number, siginfo_t *info, void *context)
{
    struct sigaction now;

    MUST(number == sig && info->si_signo == sig && context != NULL);
    MUST(sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    MUST(write(STDOUT_FILENO, "once\n", 5) == 5);
    if (info->si_code <= 0)
        raise(sig);
}

/* As crash reporters do: the second time the default holds. */
static void own_handler_once(void)
{
    struct sigaction action = {.sa_sigaction = once, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND}, now;

    MUST(sigaction(sig, &action, NULL) == 0);
    MUST(sigaction(sig, NULL, &now) == 0 && now.sa_sigaction == once && (now.sa_flags & (int)SA_RESETHAND) != 0);
    if (sig == SIGSEGV)
        segv();
    raise(sig);
}

static void jumps(int number)
{
    siglongjmp(back, number);
}

static void own_handler_jumps(void)
{
    MUST(signal(sig, jumps) == SIG_DFL);
    if (sigsetjmp(back, 1) == 0)
        raise(sig);
    MUST(signal(sig, SIG_DFL) == jumps);
    printf("back\n");
    fflush(stdout);
    raise(sig);
}

/* In a child whose memory is the parent's: nothing of the parent's may change. */
static void child_of_vfork(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0) {
        raise(sig);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == sig);
    raise(sig);
}

static void child_of_fork(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        keeps_three();
        raise(sig);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == sig);
    printf("child %d\n", child);
    exit(3);
}

/* Every signal looks as if nobody stood there. */
static void asks(void)
{
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction now, mine = {.sa_handler = SIG_DFL, .sa_flags = SA_NODEFER};
        sighandler_t before;

        if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN))
            continue;
        memset(&now, 0x55, sizeof(now));
        MUST(sigaction(number, NULL, &now) == 0);
        MUST(now.sa_handler == SIG_DFL && now.sa_flags == 0 && sigisemptyset(&now.sa_mask));
        MUST(sigaddset(&mine.sa_mask, SIGHUP) == 0 && sigaction(number, &mine, NULL) == 0);
        MUST(sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL && (now.sa_flags & SA_NODEFER) != 0);
        MUST(sigismember(&now.sa_mask, SIGHUP) == 1 && (now.sa_flags & SA_SIGINFO) == 0);
        before = signal(number, exits);
        MUST(before == SIG_DFL && signal(number, SIG_DFL) == exits && signal(number, SIG_DFL) == SIG_DFL);
        MUST(sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL && (now.sa_flags & SA_RESTART) != 0);
    }
    printf("all default\n");
    exit(7);
}

/* The kernel kills who makes a call that is not on this list: among them are none that only leaktrace would make. */
static void behind_filter(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_write, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_kill, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_rt_sigreturn, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_pause, 1, 0),
        BPF_STMT(BPF_RET, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    pid_t self = getpid();

    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (sig == SIGTERM)
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
    else
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    kill(self, sig);
    for (;;)
        pause();
}

/* The thread ends, and the process with it: there is no other. */
static void bare_exit(void)
{
    syscall(SYS_exit, 43);
}

static void *outlives(void *unused)
{
    const struct timespec a_little = {.tv_nsec = 50000000};

    nanosleep(&a_little, NULL);
    printf("outlived\n");
    return unused;
}

static void bare_exit_first(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, outlives, NULL) == 0);
    syscall(SYS_exit, 43);
}

/* As the first process of a pid namespace: the kernel lets nothing come to it that it does not ask for. */
static void is_first(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM};

    MUST(getpid() == 1);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        MUST(kill(getpid(), signals[i]) == 0);
        printf("alive after %d\n", signals[i]);
    }
    fflush(stdout);
    if (sig == SIGSEGV)
        segv();
    exit(44);
}

static pthread_barrier_t start;

static void *race(void *way)
{
    pthread_barrier_wait(&start);
    switch ((long)way) {
    case 0:
        exit(21);
    case 1:
        _exit(22);
    case 2:
        kill(getpid(), SIGTERM);
        break;
    case 3:
        segv();
        break;
    default:
        abort();
    }
    return way;
}

/* Five ends at once. */
static void races(void)
{
    pthread_t threads[5];

    MUST(pthread_barrier_init(&start, NULL, 5) == 0);
    for (long way = 0; way < 5; way++)
        MUST(pthread_create(&threads[way], NULL, race, (void *)((way + sig) % 5)) == 0);
    for (;;)
        pause();
}

static const struct way {
    const char *name;
    void (*go)(void);
} ways[] = {
    {"kill", send},
    {"raise", raises},
    {"abort", abort},
    {"segv", segv},
    {"bus", bus},
    {"fpe", fpe},
    {"ill", ill},
    {"trap", trap},
    {"alarm", alarms},
    {"cpu", cpu},
    {"pipe", breaks_pipe},
    {"suspend", suspends},
    {"overflow", overflows},
    {"overflow_altstack", overflows_with_stack},
    {"exit", exits_now},
    {"_exit", exits_at_once},
    {"quick_exit", exits_quickly},
    {"ignored", ignored},
    {"handler_exits", own_handler_exits},
    {"handler_gives_up", own_handler_gives_up},
    {"handler_once", own_handler_once},
    {"handler_jumps", own_handler_jumps},
    {"vfork_child", child_of_vfork},
    {"fork_child", child_of_fork},
    {"asks", asks},
    {"races", races},
    {"filter", behind_filter},
    {"bare_exit", bare_exit},
    {"bare_exit_first", bare_exit_first},
    {"first", is_first},
};

static void *go(void *way)
{
    const struct timespec while_others_allocate = {.tv_nsec = 20000000};

    nanosleep(&while_others_allocate, NULL);
    ((const struct way *)way)->go();
    return NULL;
}

static void *allocate(void *unused)
{
    for (;;)
        free(malloc(100));
    return unused;
}

int main(int argc, char **argv)
{
    const struct way *way = ways;
    pthread_t threads[3];

    MUST(argc >= 2);
    sig = argc >= 3 ? atoi(argv[2]) : 0;
    keeps_three();
    while (strcmp(way->name, argv[1]) != 0)
        MUST(++way < ways + sizeof(ways) / sizeof(ways[0]));
    printf("begin\n");
    fflush(stdout);
    if (argc < 4) {
        way->go();
        return 0;
    }
    MUST(pthread_create(&threads[0], NULL, go, (void *)way) == 0);
    MUST(pthread_create(&threads[1], NULL, allocate, NULL) == 0 && pthread_create(&threads[2], NULL, allocate, NULL) == 0);
    MUST(pthread_join(threads[0], NULL) == 0);
    return 0;
}
