/*
 * growth [api]: fills a large cache, marks by itself (api) or prints "warm" and waits for a line of input, and then serves requests,
 * nearly all of whose resources it gives back. Of each kind it keeps some: slowly, against the noise and the cache. What it
 * does under leaktrace_ignore_begin() is nobody's.
 */
#include "specimen.h"

#include <leaktrace/leaktrace.h>

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define REQUESTS 2000
#define IN_FLIGHT 50

static void *in_flight[IN_FLIGHT][10];
static pthread_mutex_t for_ever = PTHREAD_MUTEX_INITIALIZER;

SITE void fill_cache(void)
{
    for (int i = 0; i < 4000; i++)
        USE(malloc(4096));
    for (int i = 0; i < 30; i++)
        MUST(open("/dev/null", O_RDONLY) >= 0);
}

static void *wait_for_ever(void *unused)
{
    pthread_mutex_lock(&for_ever);
    return unused;
}

static void *do_nothing(void *unused)
{
    return unused;
}

SITE void fill_pool(void)
{
    pthread_t thread;

    for (int i = 0; i < 5; i++)
        MUST(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
}

/* Ten blocks live for the time of fifty requests. */
SITE void serve(int request)
{
    void **blocks = in_flight[request % IN_FLIGHT];

    for (int i = 0; i < 10; i++) {
        free(blocks[i]);
        blocks[i] = malloc(64 + (size_t)(request + i) % 100);
        USE(blocks[i]);
    }
    MUST(close(open("/dev/null", O_RDONLY)) == 0);
}

SITE void leak_block(void)
{
    USE(malloc(48));
}

SITE void leak_descriptor(void)
{
    MUST(open("/dev/zero", O_RDONLY) >= 0);
}

SITE void leak_thread(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
}

SITE void use_thread(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

SITE void ignored(void)
{
    leaktrace_ignore_begin();
    leaktrace_ignore_begin();
    USE(malloc(1000));
    leaktrace_ignore_end();
    USE(malloc(1000));
    MUST(open("/dev/null", O_RDONLY) >= 0);
    leaktrace_ignore_end();
}

SITE void not_ignored(void)
{
    USE(malloc(1000));
}

SITE void finish_requests(void)
{
    for (int i = 0; i < IN_FLIGHT; i++)
        for (int j = 0; j < 10; j++)
            free(in_flight[i][j]);
}

static void take_traffic(void)
{
    for (int request = 0; request < REQUESTS; request++) {
        serve(request);
        leak_block();
        if (request % 100 == 0)
            leak_descriptor();
        if (request % 500 == 0)
            leak_thread();
        if (request % 50 == 0)
            use_thread();
    }
}

int main(int argc, char **argv)
{
    char line[16];

    MUST(pthread_mutex_lock(&for_ever) == 0);
    fill_cache();
    fill_pool();
    if (argc == 2 && strcmp(argv[1], "api") == 0) {
        leaktrace_mark();
    } else {
        puts("warm");
        fflush(stdout);
        MUST(read(STDIN_FILENO, line, sizeof(line)) > 0);
    }
    take_traffic();
    leaktrace_dump("end of traffic");
    finish_requests();
    ignored();
    not_ignored();
    return 0;
}
