/* soak ROUNDS OPERATIONS THREADS SLOTS: threads that allocate, move, open, load, start, fork and jump, so many operations in each round,
   with one model of what is live, in counters. Between two rounds all stand still: a line says what the model has, a dump is made,
   and the next round begins when a line has come. PLUGIN names an object to load. */
#include "specimen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <leaktrace/leaktrace.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS 32

struct slot {
    char *block;
    size_t size;
    bool taken; /* by the thread that works on it */
};

static struct {
    unsigned rounds, operations, threads, n_slots;
    struct slot *slots; /* of all threads: one allocates, another frees */
    pthread_barrier_t begin, end;
    bool over;
    /* The model. */
    unsigned long made_blocks, made_bytes, live_blocks, live_bytes, made_fds, live_fds, made_threads;
} soak;

struct worker {
    pthread_t thread;
    unsigned long seed;
    int fds[FDS];
};

static void count(unsigned long *counter, long by)
{
    __atomic_fetch_add(counter, (unsigned long)by, __ATOMIC_RELAXED);
}

static unsigned long draw(struct worker *worker, unsigned long limit)
{
    worker->seed = worker->seed * 6364136223846793005ul + 1442695040888963407ul;
    return (worker->seed >> 33) % limit;
}

SITE char *makes_block(unsigned depth, size_t size)
{
    char *block = depth == 0 ? malloc(size) : makes_block(depth - 1, size);

    MUST(block != NULL);
    return block;
}

SITE char *moves_block(char *block, size_t size)
{
    block = realloc(block, size);
    MUST(block != NULL);
    return block;
}

static size_t any_size(struct worker *worker)
{
    return draw(worker, 50) == 0 ? 1 + draw(worker, 300000) : 1 + draw(worker, 500);
}

static void fill(struct worker *worker, struct slot *slot)
{
    slot->size = any_size(worker);
    slot->block = makes_block((unsigned)draw(worker, 20), slot->size);
    slot->block[0] = slot->block[slot->size - 1] = (char)slot->size;
    count(&soak.made_blocks, 1);
    count(&soak.made_bytes, (long)slot->size);
    count(&soak.live_blocks, 1);
    count(&soak.live_bytes, (long)slot->size);
}

/* What is moved is another site's from then on. */
static void empty(struct worker *worker, struct slot *slot)
{
    MUST(slot->block[0] == (char)slot->size);
    count(&soak.live_blocks, -1);
    count(&soak.live_bytes, -(long)slot->size);
    if (draw(worker, 4) == 0)
        slot->block = moves_block(slot->block, any_size(worker));
    free(slot->block);
    slot->block = NULL;
}

static void use_heap(struct worker *worker)
{
    struct slot *slot = &soak.slots[draw(worker, soak.n_slots)];

    if (__atomic_exchange_n(&slot->taken, true, __ATOMIC_ACQUIRE))
        return;
    if (slot->block == NULL)
        fill(worker, slot);
    else
        empty(worker, slot);
    __atomic_store_n(&slot->taken, false, __ATOMIC_RELEASE);
}

SITE int opens_one(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void use_fd(struct worker *worker)
{
    int *fd = &worker->fds[draw(worker, FDS)];

    if (*fd >= 0) {
        MUST(close(*fd) == 0);
        *fd = -1;
        count(&soak.live_fds, -1);
        return;
    }
    *fd = opens_one();
    MUST(*fd >= 0);
    count(&soak.made_fds, 1);
    count(&soak.live_fds, 1);
}

static void load(void)
{
    void *plugin = dlopen(getenv("PLUGIN"), RTLD_NOW);
    void *(*allocate)(size_t) = plugin == NULL ? NULL : (void *(*)(size_t))dlsym(plugin, "plugin_allocate");

    MUST(allocate != NULL);
    free(allocate(33));
    MUST(dlclose(plugin) == 0);
}

static void *begins(void *argument)
{
    free(malloc(77));
    return argument;
}

SITE void starts_one(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, begins, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    count(&soak.made_threads, 1);
}

static void fork_one(bool allocates)
{
    pid_t child = fork();
    int status = 0;

    MUST(child >= 0);
    if (child == 0) {
        if (allocates)
            free(malloc(10));
        _exit(3);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

SITE void jumps_out(jmp_buf *out, unsigned depth)
{
    void *block = malloc(60);

    USE(block);
    free(block);
    if (depth == 0)
        longjmp(*out, 1);
    jumps_out(out, depth - 1);
    USE(out);
}

static void jump(struct worker *worker)
{
    jmp_buf out;

    if (setjmp(out) == 0)
        jumps_out(&out, (unsigned)draw(worker, 10));
}

static void operate(struct worker *worker, unsigned i)
{
    use_heap(worker);
    if (i % 4 == 0)
        use_fd(worker);
    if (i % 50 == 1)
        jump(worker);
    if (i % 500 == 2)
        starts_one();
    if (i % 1000 == 3)
        load();
    if (i % 5000 == 4)
        fork_one(i % 10000 == 4);
}

static void *work(void *argument)
{
    struct worker *worker = argument;

    for (;;) {
        pthread_barrier_wait(&soak.begin);
        if (soak.over)
            return NULL;
        for (unsigned i = 0; i < soak.operations; i++)
            operate(worker, i);
        pthread_barrier_wait(&soak.end);
    }
}

SITE void starts_worker(struct worker *worker)
{
    MUST(pthread_create(&worker->thread, NULL, work, worker) == 0);
}

static void say_and_dump(unsigned round)
{
    char line[64];

    printf("round %u makes_block %lu %lu %lu %lu opens_one %lu %lu starts_one %lu\n", round, soak.made_blocks, soak.made_bytes,
           soak.live_blocks, soak.live_bytes, soak.made_fds, soak.live_fds, soak.made_threads);
    leaktrace_dump("round");
    malloc_trim(0); /* what the program itself has free is not to stand in the figures of the kernel */
    puts("dumped");
    fflush(stdout);
    MUST(fgets(line, sizeof(line), stdin) != NULL);
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct worker *workers;

    MUST(argc == 5 && getenv("PLUGIN") != NULL);
    soak.rounds = number(argv[1]);
    soak.operations = number(argv[2]);
    soak.threads = number(argv[3]);
    soak.n_slots = number(argv[4]) * soak.threads;
    MUST((soak.slots = calloc(soak.n_slots, sizeof(*soak.slots))) != NULL);
    MUST((workers = calloc(soak.threads, sizeof(*workers))) != NULL);
    pthread_barrier_init(&soak.begin, NULL, soak.threads + 1);
    pthread_barrier_init(&soak.end, NULL, soak.threads + 1);
    for (unsigned i = 0; i < soak.threads; i++) {
        workers[i].seed = i + 1;
        memset(workers[i].fds, -1, sizeof(workers[i].fds));
        starts_worker(&workers[i]);
    }
    for (unsigned round = 1; round <= soak.rounds; round++) {
        pthread_barrier_wait(&soak.begin);
        pthread_barrier_wait(&soak.end);
        say_and_dump(round);
    }
    soak.over = true;
    pthread_barrier_wait(&soak.begin);
    for (unsigned i = 0; i < soak.threads; i++)
        pthread_join(workers[i].thread, NULL);
    puts("over");
    return 0;
}
