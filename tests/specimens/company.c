/* company MODE: a program that shares its process with others, or leaves the usual ways of a stack. The truth stands in company.bats.
   PLUGIN names an object to load. */
#include "specimen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <leaktrace/leaktrace.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <ucontext.h>
#include <unistd.h>

typedef void *allocate(size_t size);

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++) {
        USE(malloc(50));
        MUST(open("/dev/null", O_RDONLY) >= 0);
    }
}

/* Coroutines: each goes down some frames, allocates, goes back to main, and allocates again when it is resumed. */

#define COROUTINES 100
#define COROUTINE_STACK 32768

static ucontext_t main_context, contexts[COROUTINES];

SITE void coroutine_allocates(int self)
{
    USE(malloc(40));
    MUST(swapcontext(&contexts[self], &main_context) == 0);
    USE(malloc(60));
}

SITE void coroutine_descends(int self, int depth)
{
    if (depth == 0)
        coroutine_allocates(self);
    else
        coroutine_descends(self, depth - 1);
    __asm__ volatile("");
}

static void coroutine(int self)
{
    coroutine_descends(self, self % 7);
    MUST(open("/dev/null", O_RDONLY) >= 0);
}

static void coroutines(void)
{
    for (int i = 0; i < COROUTINES; i++) {
        MUST(getcontext(&contexts[i]) == 0);
        contexts[i].uc_stack.ss_sp = mmap(NULL, COROUTINE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        MUST(contexts[i].uc_stack.ss_sp != MAP_FAILED);
        contexts[i].uc_stack.ss_size = COROUTINE_STACK;
        contexts[i].uc_link = &main_context;
        makecontext(&contexts[i], (void (*)(void))coroutine, 1, i);
    }
    for (int round = 0; round < 2; round++)
        for (int i = COROUTINES - 1; i >= 0; i--)
            MUST(swapcontext(&main_context, &contexts[i]) == 0);
}

/* Handlers on a stack of their own: one comes back, one leaves by siglongjmp, and below it frames are left behind. */

static sigjmp_buf after_fault;
static volatile sig_atomic_t handled;

SITE void handler_allocates(void)
{
    USE(malloc(24));
    __asm__ volatile("");
}

static void comes_back(int sig)
{
    handler_allocates();
    handled += sig == SIGUSR1;
}

SITE void leaves(int sig)
{
    USE(malloc(28));
    handled += sig == SIGSEGV;
    siglongjmp(after_fault, 1);
}

SITE void faults(int depth)
{
    void *block = malloc(32);

    USE(block);
    free(block);
    if (depth == 0)
        *(volatile int *)NULL = 1; /* on purpose */
    else
        faults(depth - 1);
    USE(block);
}

static void handlers(void)
{
    static char stack[1 << 16];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction back = {.sa_handler = comes_back, .sa_flags = SA_ONSTACK};
    struct sigaction leave = {.sa_handler = leaves, .sa_flags = SA_ONSTACK};

    MUST(sigaltstack(&alternate, NULL) == 0);
    MUST(sigaction(SIGUSR1, &back, NULL) == 0 && sigaction(SIGSEGV, &leave, NULL) == 0);
    for (volatile int i = 0; i < 10; i++) {
        MUST(raise(SIGUSR1) == 0);
        if (sigsetjmp(after_fault, 1) == 0)
            faults(i);
    }
    printf("handled %d\n", (int)handled);
}

/* Jumps over frames that would have gone on. */

SITE void jumps(jmp_buf *out, int depth)
{
    USE(malloc(36));
    if (depth == 0)
        longjmp(*out, 1);
    jumps(out, depth - 1);
    USE(out);
}

static void long_jumps(void)
{
    jmp_buf out;

    for (volatile int i = 0; i < 20; i++)
        if (setjmp(out) == 0)
            jumps(&out, i % 5);
}

/* Threads with hardly any stack. */

static void *nothing(void *argument)
{
    return argument;
}

SITE void small_allocates(void)
{
    void *block = realloc(calloc(1, 100), 200);

    USE(malloc(44));
    free(block);
}

static void *uses_little(void *size)
{
    int pair[2], fd = open("/dev/null", O_RDONLY);
    pthread_attr_t attr;
    pthread_t inner;

    small_allocates();
    MUST(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(dup2(pair[0], fd) == fd && close(pair[0]) == 0 && close(pair[1]) == 0 && close(fd) == 0);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, (size_t)size) == 0);
    MUST(pthread_create(&inner, &attr, nothing, NULL) == 0 && pthread_join(inner, NULL) == 0);
    return NULL;
}

SITE void starts_small(size_t size)
{
    pthread_attr_t attr;
    pthread_t thread;

    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, size) == 0);
    for (int i = 0; i < 20; i++) {
        MUST(pthread_create(&thread, &attr, uses_little, (void *)size) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
}

static void small_stacks(void)
{
    starts_small(64 << 10);
    starts_small((size_t)PTHREAD_STACK_MIN);
}

/* What threads do when they are all but gone: destructors of keys, also those that set their key again. */

static pthread_key_t key;

SITE void last_words(void *block)
{
    int *left = block;

    USE(malloc(52));
    MUST(close(open("/dev/null", O_RDONLY)) == 0);
    if (--*left > 0)
        MUST(pthread_setspecific(key, block) == 0);
    else
        free(block);
}

static void *has_key(void *argument)
{
    int *left = malloc(sizeof(*left));

    *left = 3;
    MUST(pthread_setspecific(key, left) == 0);
    return argument;
}

static void thread_ends(void)
{
    pthread_t threads[10];

    MUST(pthread_key_create(&key, last_words) == 0);
    for (int i = 0; i < 10; i++)
        MUST(pthread_create(&threads[i], NULL, has_key, NULL) == 0);
    for (int i = 0; i < 10; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

/* At the end of the process: allocates, and starts a thread and joins it. */

SITE void end_allocates(void)
{
    USE(malloc(56));
    __asm__ volatile("");
}

static void at_the_end(void)
{
    pthread_t thread;

    end_allocates();
    MUST(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
    puts("at the end");
}

static void at_exit(void)
{
    for (int i = 0; i < 5; i++)
        MUST(atexit(at_the_end) == 0);
}

/* A signal to the process that its only thread blocks waits for it, and comes to it. */

static volatile pid_t handled_by;

static void comes_home(int sig)
{
    (void)sig;
    handled_by = gettid();
}

static void pending(void)
{
    static const int signals[] = {SIGUSR1, SIGTERM, SIGCHLD, SIGALRM, SIGPROF};
    sigset_t all, waiting;

    MUST(sigfillset(&all) == 0);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        MUST(signal(signals[i], comes_home) != SIG_ERR && sigprocmask(SIG_SETMASK, &all, NULL) == 0);
        MUST(kill(getpid(), signals[i]) == 0 && usleep(2000) == 0);
        MUST(sigpending(&waiting) == 0 && sigismember(&waiting, signals[i]) == 1 && handled_by == 0);
        MUST(sigemptyset(&waiting) == 0 && sigprocmask(SIG_SETMASK, &waiting, NULL) == 0);
        MUST(handled_by == getpid());
        handled_by = 0;
    }
}

/* Objects that have another allocator, or another libc. */

static void *loaded(void *object, const char *name)
{
    void *symbol = object == NULL ? NULL : dlsym(object, name);

    if (symbol == NULL)
        fprintf(stderr, "%s\n", dlerror());
    MUST(symbol != NULL);
    return symbol;
}

static void in_namespace(void)
{
    void *object = dlmopen(LM_ID_NEWLM, getenv("PLUGIN"), RTLD_NOW | RTLD_LOCAL);
    allocate *there = (allocate *)loaded(object, "plugin_allocate");
    void (*free_there)(void *) = (void (*)(void *))loaded(object, "free");

    for (int i = 0; i < 100; i++) {
        char *block = there(70);

        memset(block, i, 70);
        free_there(block);
    }
    keeps_three();
    MUST(dlclose(object) == 0);
}

/* A plugin with an allocator of its own: by its own rules or by the program's, as `flags` say. */
static void with_allocator(int flags)
{
    void *object = dlopen(getenv("PLUGIN"), RTLD_NOW | flags);
    unsigned (*use)(unsigned) = (unsigned (*)(unsigned))loaded(object, "plugin_use");

    printf("own %u\n", use(100));
    keeps_three();
    MUST(dlclose(object) == 0);
}

static void plugin_local(void)
{
    with_allocator(RTLD_LOCAL);
}

static void plugin_global(void)
{
    with_allocator(RTLD_GLOBAL);
}

static void plugin_deep(void)
{
    with_allocator(RTLD_LOCAL | RTLD_DEEPBIND);
}

/* Of a plugin that has gone: what it made is live. */
static void unloaded(void)
{
    void *object = dlopen(getenv("PLUGIN"), RTLD_NOW);
    allocate *there = (allocate *)loaded(object, "plugin_allocate");

    for (int i = 0; i < 4; i++)
        USE(there(70));
    MUST(dlclose(object) == 0);
    MUST(dlopen(getenv("PLUGIN"), RTLD_NOW | RTLD_NOLOAD) == NULL);
}

/* One plugin after another in the same place, the first one again at last. What they have made is live. */
static void successors(void)
{
    const char *const objects[] = {getenv("PLUGIN"), getenv("SUCCESSOR"), getenv("PLUGIN"), getenv("SUCCESSOR")};
    void *place = NULL;

    for (int i = 0; i < 4; i++) {
        void *object = dlopen(objects[i], RTLD_NOW);
        allocate *there = (allocate *)loaded(object, "plugin_allocate");

        MUST(place == NULL || place == (void *)there);
        place = (void *)there;
        free(there(1));
        for (int j = 0; j <= i; j++)
            USE(there(70));
        MUST(i == 3 || dlclose(object) == 0);
    }
}

static void alone(void)
{
}

static const struct mode {
    const char *name;
    void (*run)(void);
} modes[] = {
    {"alone", alone},
    {"coroutines", coroutines},
    {"handlers", handlers},
    {"jumps", long_jumps},
    {"small_stacks", small_stacks},
    {"thread_ends", thread_ends},
    {"at_exit", at_exit},
    {"pending", pending},
    {"namespace", in_namespace},
    {"plugin_local", plugin_local},
    {"plugin_global", plugin_global},
    {"plugin_deep", plugin_deep},
    {"unloaded", unloaded},
    {"successors", successors},
};

int main(int argc, char **argv)
{
    const struct mode *mode = modes;

    MUST(argc == 2);
    while (strcmp(mode->name, argv[1]) != 0)
        MUST(++mode < modes + sizeof(modes) / sizeof(modes[0]));
    keeps_three();
    mode->run();
    puts("over");
    return 5;
}
