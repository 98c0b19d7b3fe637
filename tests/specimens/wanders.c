/* wanders SEED BLOCKS THREADS PLUGIN...: random trees of calls that allocate and free BLOCKS blocks in each of THREADS threads,
   through frames of all shapes: with and without frame pointers, realigned, with alloca; left by longjmp; in handlers of
   signals on the thread's stack, on one inside of it, and on another; in contexts; in children of fork; in plugins that are
   loaded for one call. Of the same arguments a thread always does the same. */
#include "../support/branches.h"
#include "specimen.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_SIZE (128ul * 1024)
#define LEVELS 24

typedef void shape(unsigned level);
typedef void *allocate(size_t size);

static __thread struct {
    uint64_t seed;
    unsigned left;
    unsigned inside;     /* handlers and contexts that it is in */
    sigjmp_buf *catcher; /* NULL: none on this stack */
} me;

static char **plugins;
static uint64_t n_plugins;
static unsigned blocks;

static uint64_t rnd(uint64_t limit)
{
    me.seed = me.seed * 6364136223846793005u + 1442695040888963407u;
    return (me.seed >> 33) % limit;
}

PLAIN static void plain(unsigned level)
{
    BRANCH(level);
}

FAST static void overwrites_rbp(unsigned level)
{
    volatile uint64_t here;

    __asm__ volatile("movq %0, %%rbp" : : "r"((uintptr_t)&here + rnd(64) * 8) : "rbp");
    BRANCH(level);
}

FAST static void with_alloca(unsigned level)
{
    volatile char *room = alloca(1 + rnd(16) * 16);

    room[0] = 1;
    BRANCH(level);
    sink += (unsigned)room[0];
}

FAST static void realigned(unsigned level)
{
    _Alignas(128) volatile char local[128] = {(char)level};
    volatile char *room = alloca(1 + rnd(8) * 32);

    room[0] = 1;
    BRANCH(level);
    sink += (unsigned)(local[0] + room[0]);
}

FAST static void catches(unsigned level)
{
    sigjmp_buf here, *outer = me.catcher;

    if (sigsetjmp(here, 1) == 0) {
        me.catcher = &here;
        BRANCH(level);
    }
    me.catcher = outer;
}

static void handler(int sig)
{
    BRANCH(2 + (unsigned)rnd(3));
    sink += (unsigned)sig;
}

static void *map_stack(void)
{
    void *room = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(room != MAP_FAILED);
    return room;
}

/* On that stack, if the thread is not on another one already. */
static void interrupt_on(void *room)
{
    const stack_t stack = {.ss_sp = room, .ss_size = STACK_SIZE};
    stack_t before;

    if (sigaltstack(&stack, &before) != 0) {
        raise(SIGUSR1);
        return;
    }
    raise(SIGUSR2);
    MUST(sigaltstack(&before, NULL) == 0);
}

FAST static void interrupt_inside(void)
{
    _Alignas(64) char room[STACK_SIZE];

    interrupt_on(room);
    sink++;
}

FAST static void interrupt_outside(void)
{
    void *room = map_stack();

    interrupt_on(room);
    MUST(munmap(room, STACK_SIZE) == 0);
}

FAST static void is_interrupted(unsigned level)
{
    sigjmp_buf *outer = me.catcher;

    if (me.inside < 3 && rnd(4) == 0) {
        me.inside++;
        me.catcher = NULL;
        if (rnd(2) == 0)
            raise(SIGUSR1);
        else if (me.inside == 1 && rnd(2) == 0)
            interrupt_inside();
        else
            interrupt_outside();
        me.catcher = outer;
        me.inside--;
    }
    BRANCH(level);
}

static void run_context(unsigned level)
{
    branch(level);
    sink++;
}

FAST static void in_context(unsigned level)
{
    ucontext_t self, other;
    sigjmp_buf *outer = me.catcher;
    void *room;

    if (me.inside >= 3 || rnd(4) != 0)
        return branch(level);
    room = map_stack();
    MUST(getcontext(&other) == 0);
    other.uc_stack = (stack_t){.ss_sp = room, .ss_size = STACK_SIZE};
    other.uc_link = &self;
    makecontext(&other, (void (*)(void))run_context, 1, level > 4 ? 4 : level);
    me.inside++;
    me.catcher = NULL;
    MUST(swapcontext(&self, &other) == 0 && munmap(room, STACK_SIZE) == 0);
    me.catcher = outer;
    me.inside--;
}

FAST static void in_plugin(unsigned level)
{
    void *plugin = rnd(8) != 0 || n_plugins == 0 ? NULL : dlopen(plugins[rnd(n_plugins)], RTLD_NOW);
    allocate *plugin_frames = plugin == NULL ? NULL : (allocate *)dlsym(plugin, "plugin_frames");

    for (unsigned n = plugin_frames == NULL ? 0 : 3; n > 0; n--)
        free(plugin_frames(24));
    if (plugin != NULL)
        MUST(dlclose(plugin) == 0);
    BRANCH(level);
}

/* Of a process with one thread, so that the loader is in nobody's hands. */
FAST static void in_child(unsigned level)
{
    pid_t child = level < 6 || me.inside > 0 || n_plugins == 0 || getpid() != gettid() || rnd(500) != 0 ? -1 : fork();

    if (child == 0) {
        me.left = 20;
        me.catcher = NULL;
    }
    BRANCH(level);
    if (child == 0)
        _exit(0);
    if (child > 0)
        MUST(waitpid(child, NULL, 0) == child);
}

static shape *const shapes[] = {plain,   fast,           overwrites_rbp, with_alloca, realigned, sorts,
                                catches, is_interrupted, in_context,     in_plugin,   in_child};

FAST static void leaf(unsigned level)
{
    void *block = rnd(2) == 0 ? malloc(level + 1) : calloc(1, level + 1);

    USE(block);
    free(block);
    __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
}

FAST static void branch(unsigned level)
{
    for (uint64_t n = 1 + rnd(3); n > 0 && me.left > 0; n--)
        if (me.catcher != NULL && rnd(40) == 0) {
            siglongjmp(*me.catcher, 1);
        } else if (level == 0 || rnd(4) == 0) {
            me.left--;
            leaf(level);
        } else {
            shapes[rnd(sizeof(shapes) / sizeof(shapes[0]))](level - 1);
        }
}

struct start {
    uint64_t seed;
    unsigned left;
};

static void *wander(void *argument)
{
    const struct start *start = argument;

    me.seed = start->seed;
    me.left = start->left;
    while (me.left > 0)
        branch(1 + (unsigned)rnd(rnd(8) == 0 ? 600 : LEVELS));
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = handler}, on_other = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    unsigned n_threads = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
    struct start starts[16];
    pthread_t threads[16];

    MUST(argc > 3 && n_threads >= 1 && n_threads <= 16);
    plugins = argv + 4;
    n_plugins = (uint64_t)argc - 4;
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &on_other, NULL) == 0);
    for (unsigned i = 0; i < n_threads; i++) {
        starts[i] = (struct start){.seed = strtoull(argv[1], NULL, 0) * 16 + i, .left = (unsigned)atoi(argv[2])};
        if (i > 0)
            MUST(pthread_create(&threads[i], NULL, wander, &starts[i]) == 0);
    }
    wander(&starts[0]);
    for (unsigned i = 1; i < n_threads; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    printf("blocks %u\n", blocks);
    return 0;
}
