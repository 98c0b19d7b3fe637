/* guest: a program of few lines that does something of everything, asks for dumps in between, and says what has become of it. What it
   prints, and that it ends with 7, is the same whatever becomes of leaktrace. PLUGIN names an object to load. */
#include "specimen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <leaktrace/leaktrace.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS 2000

static void *blocks[BLOCKS];

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

/* Some are grown, some are moved to other functions' sites, every third is kept; the sum of what stands in them. */
SITE unsigned long allocates(void)
{
    unsigned long sum = 0;

    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = i % 2 == 0 ? malloc((size_t)i * 40 + 1) : calloc((size_t)i + 1, 8);
        MUST(blocks[i] != NULL);
        memset(blocks[i], i & 0x7f, (size_t)i + 1);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (i % 5 == 0)
            MUST((blocks[i] = realloc(blocks[i], (size_t)i * 60 + 1)) != NULL);
        sum += (unsigned long)((unsigned char *)blocks[i])[i];
        if (i % 3 != 0)
            free(blocks[i]);
    }
    return sum;
}

SITE unsigned opens(void)
{
    int fds[20], pair[2];
    unsigned good = 0;

    for (int i = 0; i < 20; i++)
        good += (fds[i] = open("/dev/null", O_RDWR)) >= 0;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    good += (unsigned)write(pair[0], "abc", 3);
    good += dup2(fds[0], fds[1]) == fds[1];
    for (int i = 0; i < 15; i++)
        good += close(fds[i]) == 0;
    errno = 0;
    good += close(fds[0]) == -1 && errno == EBADF;
    return good;
}

static void *begins(void *argument)
{
    free(malloc(100));
    return argument;
}

SITE unsigned starts(void)
{
    unsigned good = 0;

    for (unsigned i = 1; i <= 6; i++) {
        pthread_t thread;
        void *result;

        MUST(pthread_create(&thread, NULL, begins, &good) == 0);
        MUST(pthread_join(thread, &result) == 0);
        good += result == &good;
    }
    return good;
}

SITE unsigned loads(void)
{
    unsigned good = 0;

    for (int i = 0; i < 2; i++) {
        void *plugin = dlopen(getenv("PLUGIN"), RTLD_NOW);
        void *(*allocate)(size_t) = plugin == NULL ? NULL : (void *(*)(size_t))dlsym(plugin, "plugin_allocate");

        MUST(allocate != NULL);
        free(allocate(33));
        good += dlclose(plugin) == 0;
    }
    return good;
}

SITE int forks(void)
{
    pid_t child = fork();
    int status = 0;

    MUST(child >= 0);
    if (child == 0) {
        USE(malloc(10));
        _exit(5);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void)
{
    MUST(getenv("PLUGIN") != NULL);
    keeps_three();
    printf("sum %lu\n", allocates());
    printf("descriptors %u\n", opens());
    leaktrace_dump("first");
    leaktrace_mark();
    printf("threads %u\n", starts());
    printf("loads %u\n", loads());
    fflush(stdout);
    printf("child %d\n", forks());
    leaktrace_dump("second");
    return 7;
}
