/*
 * Goes to its limits as it is told, a line at a time, and answers each with "done" and the line:
 *
 *   fds N       holds N descriptors, by one site; fewer than before: closes the last
 *   others N    opens N more by another site, for good
 *   threads N   the same with threads
 *   memory N    holds N MiB, touched
 *   run_out     opens until there are no descriptors left
 *   close_all   closes every descriptor but its input and output, whoever's it is, as daemons do
 *   become N    becomes that user, if it is root
 *   alone       asks the kernel for what it refuses to processes of more than one thread; it may
 *   pin         from now on no address space can be had any more
 */
#include "specimen.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOST 4096

static int fds[MOST];
static int n_fds;
static pthread_t threads[MOST];
static int n_threads;
static pthread_mutex_t threads_run = PTHREAD_MUTEX_INITIALIZER;
static void *memory;
static size_t memory_size;

SITE int opens(void)
{
    return open("/dev/null", O_RDONLY);
}

SITE int opens_elsewhere(void)
{
    return open("/dev/zero", O_RDONLY);
}

static void hold_fds(int n)
{
    while (n_fds < n) {
        fds[n_fds] = opens();
        MUST(fds[n_fds++] >= 0);
    }
    while (n_fds > n)
        MUST(close(fds[--n_fds]) == 0);
}

static void run_out(void)
{
    int fd;

    while ((fd = opens()) >= 0)
        fds[n_fds++ % MOST] = fd;
    MUST(errno == EMFILE);
}

static void *wait_for_lock(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&threads_run);
    pthread_mutex_unlock(&threads_run);
    return NULL;
}

static void close_all(void)
{
    for (int fd = 2; fd < MOST; fd++)
        close(fd);
    n_fds = 0;
}

static void hold_threads(int n)
{
    if (n_threads == 0)
        MUST(pthread_mutex_lock(&threads_run) == 0);
    for (; n_threads < n; n_threads++)
        MUST(pthread_create(&threads[n_threads], NULL, wait_for_lock, NULL) == 0);
    if (n >= n_threads)
        return;
    MUST(pthread_mutex_unlock(&threads_run) == 0);
    while (n_threads > 0)
        MUST(pthread_join(threads[--n_threads], NULL) == 0);
    if (n > 0)
        hold_threads(n);
}

static void hold_memory(size_t mib)
{
    if (memory != NULL)
        munmap(memory, memory_size);
    memory_size = mib << 20;
    memory = NULL;
    if (mib == 0)
        return;
    memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    memset(memory, 1, memory_size);
}

static void *take_all_there_is(void *unused)
{
    (void)unused;
    for (;;) {
        while (mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            ;
        usleep(100);
    }
    return NULL;
}

/* A limit below what is in use, and a thread that takes what is given back. */
static void pin(void)
{
    const struct rlimit least = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, take_all_there_is, NULL) == 0);
    MUST(setrlimit(RLIMIT_AS, &least) == 0);
    MUST(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void obey(const char *line)
{
    char word[32] = "";
    int n = 0;

    MUST(sscanf(line, "%31s %d", word, &n) >= 1);
    if (strcmp(word, "fds") == 0)
        hold_fds(n);
    else if (strcmp(word, "others") == 0)
        while (n-- > 0)
            MUST(opens_elsewhere() >= 0);
    else if (strcmp(word, "threads") == 0)
        hold_threads(n);
    else if (strcmp(word, "memory") == 0)
        hold_memory((size_t)n);
    else if (strcmp(word, "run_out") == 0)
        run_out();
    else if (strcmp(word, "close_all") == 0)
        close_all();
    else if (strcmp(word, "become") == 0)
        MUST(getuid() != 0 || (setgid((gid_t)n) == 0 && setuid((uid_t)n) == 0));
    else if (strcmp(word, "alone") == 0)
        unshare(CLONE_VM);
    else if (strcmp(word, "pin") == 0)
        pin();
    else
        MUST(!"a known word");
}

int main(void)
{
    char line[64];

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    puts("ready");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(line);
        printf("done %s", line);
    }
    return 0;
}
