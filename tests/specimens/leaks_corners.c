/* Processes that are hard to look at. The argument names the case; what becomes of its blocks stands in leaks.bats. */
#include "specimen.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

void *kept[16];
static sem_t ready;

SITE void *lost(void)
{
    return malloc(100);
}

SITE void *reached(void)
{
    return malloc(200);
}

static void lose_one(void)
{
    USE(lost());
}

static void start(void *(*routine)(void *))
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, routine, NULL) == 0);
    MUST(sem_wait(&ready) == 0);
}

/* A terabyte that nobody has written to but at one place, and a block of which the same is true. */
static void sparse(void)
{
    char *map = mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *block = calloc(1, 1ul << 30);

    MUST(map != MAP_FAILED && block != NULL);
    *(void **)(map + (700ul << 30)) = reached();
    *(void **)(block + (500ul << 20)) = reached();
    kept[0] = block;
    MUST(mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED);
    lose_one();
}

/* Pages that cannot be read inside of a block, and a file that has become shorter than its mappings. */
static void unreadable(void)
{
    char *block, *file;
    FILE *stream = tmpfile();

    MUST(stream != NULL && posix_memalign((void **)&block, PAGE, 8 * PAGE) == 0);
    *(void **)(block + 7 * PAGE) = reached();
    MUST(mprotect(block + PAGE, PAGE, PROT_NONE) == 0);
    kept[0] = block;
    MUST(ftruncate(fileno(stream), 4 * PAGE) == 0);
    file = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(stream), 0);
    MUST(file != MAP_FAILED);
    *(void **)file = reached();
    file[3 * PAGE] = 1;
    MUST(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(stream), 0) != MAP_FAILED);
    MUST(ftruncate(fileno(stream), PAGE) == 0);
    lose_one();
}

static void *blocks_all_signals(void *unused)
{
    uint64_t all = ~0ull;
    void *volatile here[2] = {reached()};

    USE(here);
    MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all)) == 0);
    MUST(sem_post(&ready) == 0);
    for (;;)
        pause();
    return unused;
}

/* One thread that no signal reaches. */
static void unstoppable(void)
{
    start(blocks_all_signals);
    lose_one();
}

static void *stands_by(void *unused)
{
    void *volatile here[2] = {reached()};

    USE(here);
    MUST(sem_post(&ready) == 0);
    for (;;)
        pause();
    return unused;
}

/* The child has the memory of the threads that it does not have. */
static void forked(void)
{
    int status;
    pid_t child;

    start(stands_by);
    kept[0] = reached();
    child = fork();
    if (child == 0) {
        kept[1] = reached();
        lose_one();
        exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
    lose_one();
}

static void *exits(void *unused)
{
    void *volatile here[2] = {reached()};

    USE(here);
    lose_one();
    exit(0);
    return unused;
}

static void from_thread(void)
{
    pthread_t thread;
    void *volatile here[2] = {reached()};

    USE(here);
    MUST(pthread_create(&thread, NULL, exits, NULL) == 0);
    for (;;)
        pause();
}

static void *comes_and_goes(void *unused)
{
    return unused;
}

static void *makes_threads(void *unused)
{
    pthread_t thread;

    MUST(sem_post(&ready) == 0);
    for (;;)
        if (pthread_create(&thread, NULL, comes_and_goes, NULL) == 0)
            pthread_join(thread, NULL);
    return unused;
}

static void *allocates(void *unused)
{
    void *volatile blocks[64] = {0};

    MUST(sem_post(&ready) == 0);
    for (unsigned i = 0;; i = (i + 1) % 64) {
        free(blocks[i]);
        blocks[i] = malloc(16 + i * 40);
    }
    return unused;
}

/* Threads that are made, end and allocate all the time. */
static void restless(void)
{
    kept[0] = reached();
    lose_one();
    start(makes_threads);
    start(makes_threads);
    start(allocates);
    start(allocates);
}

/* The same, until the input ends. */
static void serves(void)
{
    restless();
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
}

/* A stack that a thread was given, where the program has memory of its own below. */
static void *on_given_stack(void *unused)
{
    return unused;
}

static void given_stack(void)
{
    char *memory = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;

    MUST(memory != MAP_FAILED && pthread_attr_init(&attributes) == 0);
    MUST(pthread_attr_setstack(&attributes, memory + 16 * PAGE, 48 * PAGE) == 0);
    MUST(pthread_create(&thread, &attributes, on_given_stack, NULL) == 0 && pthread_join(thread, NULL) == 0);
    *(void **)memory = reached();
    *(void **)(memory + 20 * PAGE) = reached();
    lose_one();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"sparse", sparse},           {"unreadable", unreadable}, {"unstoppable", unstoppable}, {"forked", forked},
        {"from_thread", from_thread}, {"restless", restless},     {"serves", serves},           {"given_stack", given_stack},
    };

    MUST(sem_init(&ready, 0, 0) == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0)
            cases[i].run();
    return 0;
}
