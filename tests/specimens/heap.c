/* Heap blocks by each of C's functions, one site each; what every site keeps stands in the table of exact.bats. */
#include "specimen.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

static volatile size_t too_much = PTRDIFF_MAX;

static void *used(void *block)
{
    USE(block);
    return block;
}

SITE void by_malloc(void)
{
    used(malloc(100));
    free(used(malloc(200)));
    used(malloc(0));
    free(NULL);
}

SITE void by_calloc(void)
{
    used(calloc(10, 10));
    free(used(calloc(3, 7)));
    MUST(used(calloc(too_much, 4)) == NULL);
}

SITE void refused(void)
{
    errno = 0;
    MUST(used(malloc(too_much)) == NULL && errno == ENOMEM);
    MUST(used(calloc(too_much, 1)) == NULL);
    MUST(used(realloc(NULL, too_much)) == NULL);
    MUST(used(aligned_alloc(64, too_much)) == NULL);
    MUST(used(memalign(64, too_much)) == NULL);
    MUST(used(valloc(too_much)) == NULL);
    MUST(used(pvalloc(too_much)) == NULL);
}

SITE void realloc_of_null(void)
{
    used(realloc(NULL, 50));
}

SITE char *make(size_t size)
{
    return used(malloc(size));
}

SITE void realloc_in_place(void)
{
    char *block = make(1000);
    uintptr_t before = (uintptr_t)block;

    MUST((uintptr_t)used(realloc(block, 900)) == before);
}

SITE void realloc_moving(void)
{
    char *block = make(16);
    uintptr_t before = (uintptr_t)block;

    MUST((uintptr_t)used(realloc(block, 4 << 20)) != before);
}

SITE void realloc_of_mapped(void)
{
    char *block = make(4 << 20);

    used(realloc(block, 8 << 20));
}

SITE void realloc_to_nothing(void)
{
    MUST(used(realloc(make(70), 0)) == NULL);
}

SITE void realloc_refused(void)
{
    char *block = used(malloc(80));

    MUST(used(realloc(block, too_much)) == NULL);
    USE(block);
}

SITE void by_reallocarray(void)
{
    used(reallocarray(NULL, 5, 20));
    used(reallocarray(make(8), 6, 20));
}

SITE void reallocarray_refused(void)
{
    char *block = used(malloc(30));

    MUST(used(reallocarray(block, too_much, 4)) == NULL);
    MUST(used(reallocarray(block, too_much, 1)) == NULL);
}

SITE void by_posix_memalign(void)
{
    void *block = NULL;

    MUST(posix_memalign(&block, 64, 128) == 0);
    used(block);
    MUST(posix_memalign(&block, 3, 128) == EINVAL);
    MUST(posix_memalign(&block, 64, too_much) == ENOMEM);
    MUST(posix_memalign(&block, 4096, 256) == 0);
    free(used(block));
}

SITE void by_aligned_alloc(void)
{
    used(aligned_alloc(64, 192));
    free(used(aligned_alloc(64, 64)));
}

SITE void by_memalign(void)
{
    used(memalign(32, 96));
    free(used(memalign(4096, 32)));
}

SITE void by_valloc(void)
{
    used(valloc(10));
    free(used(valloc(5000)));
}

SITE void by_pvalloc(void)
{
    used(pvalloc(11));
    free(used(pvalloc(5000)));
}

SITE void by_strdup(void)
{
    used(strdup("hello"));
    free(used(strdup("world!")));
    used(strndup("hello", 3));
}

SITE void by_asprintf(void)
{
    char *text;

    MUST(asprintf(&text, "%d-%s", 12345, "abcdef") == 12);
    used(text);
}

static void *shared[8][500];
static pthread_barrier_t all;

static void *free_four(void *unused)
{
    for (int i = 0; i < 4; i++)
        free(shared[0][i]);
    return unused;
}

SITE void freed_elsewhere(void)
{
    for (int i = 0; i < 10; i++)
        shared[0][i] = used(malloc(24));
}

static void free_elsewhere(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, free_four, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

SITE void in_eight_threads(void)
{
    for (int i = 0; i < 1000; i++) {
        void *block = used(malloc(48));

        if (i % 2 == 0)
            free(block);
    }
}

SITE void freed_across_threads(size_t self)
{
    for (int i = 0; i < 500; i++)
        shared[self][i] = used(malloc(32));
    pthread_barrier_wait(&all);
    for (int i = 0; i < 500; i += 2)
        free(shared[(self + 1) % 8][i]);
}

SITE void resized_across_threads(size_t self)
{
    for (int i = 0; i < 500; i++)
        shared[self][i] = used(malloc(16));
    pthread_barrier_wait(&all);
    for (int i = 0; i < 500; i++)
        shared[(self + 1) % 8][i] = used(realloc(shared[(self + 1) % 8][i], 200 + (size_t)i));
    pthread_barrier_wait(&all);
    for (int i = 0; i < 500; i++)
        free(shared[(self + 2) % 8][i]);
}

static void *work(void *self)
{
    in_eight_threads();
    freed_across_threads((size_t)self);
    pthread_barrier_wait(&all);
    resized_across_threads((size_t)self);
    return NULL;
}

static void with_threads(void)
{
    pthread_t threads[8];

    MUST(pthread_barrier_init(&all, NULL, 8) == 0);
    for (size_t i = 0; i < 8; i++)
        MUST(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (size_t i = 0; i < 8; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

int main(void)
{
    by_malloc();
    by_calloc();
    refused();
    realloc_of_null();
    realloc_in_place();
    realloc_moving();
    realloc_of_mapped();
    realloc_to_nothing();
    realloc_refused();
    by_reallocarray();
    reallocarray_refused();
    by_posix_memalign();
    by_aligned_alloc();
    by_memalign();
    by_valloc();
    by_pvalloc();
    by_strdup();
    by_asprintf();
    freed_elsewhere();
    free_elsewhere();
    with_threads();
    return 0;
}
