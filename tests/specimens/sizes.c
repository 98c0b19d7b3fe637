/*
 * sizes [wait]: very many heap blocks, made by functions of different habits, in two equal rounds with the growth mark in
 * between. Prints what is true, a line for each function and size: how many were made, how many of those live at the end, and
 * how many of these are younger than the mark. With "wait" it then waits for the end of its input. As C++ it uses operator new
 * as well.
 */
#include "specimen.h"

#include <leaktrace/leaktrace.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define EACH 10000
#define ROWS_MAX 64

static struct row {
    const char *function;
    size_t size;
    long made, live, grown;
} rows[ROWS_MAX];

static bool marked;
static volatile size_t too_much = PTRDIFF_MAX;

/* Notes what a round of a function has made, and what of it lives. */
static void note(const char *function, size_t size, long made, long live)
{
    struct row *row = rows;

    while (row->function != NULL && (strcmp(row->function, function) != 0 || row->size != size))
        row++;
    MUST(row < rows + ROWS_MAX - 1);
    row->function = function;
    row->size = size;
    row->made += made;
    row->live += live;
    row->grown += marked ? live : 0;
}

static void *make(size_t size) __attribute__((always_inline));

static inline void *make(size_t size)
{
    void *block = malloc(size);

    USE(block);
    return block;
}

static void *resize(void *block, size_t size) __attribute__((always_inline));

static inline void *resize(void *block, size_t size)
{
    void *fresh = realloc(block, size);

    USE(fresh);
    return fresh;
}

SITE void tiny_kept(void)
{
    for (int i = 0; i < 1000000; i++)
        make(24);
    note("tiny_kept", 24, 1000000, 1000000);
}

SITE void tiny_freed(void)
{
    for (int i = 0; i < 2000000; i++)
        free(make(24));
    note("tiny_freed", 24, 2000000, 0);
}

SITE void nothing_freed(void)
{
    for (int i = 0; i < 4000000; i++)
        free(make(0));
    note("nothing_freed", 0, 4000000, 0);
}

SITE void pages_kept(void)
{
    for (int i = 0; i < 5000; i++)
        make(4096);
    note("pages_kept", 4096, 5000, 5000);
}

/* All at one address: what a block stands for must not hang on where it is. */
SITE void medium_freed(void)
{
    for (int i = 0; i < 10000; i++)
        free(make(65536));
    note("medium_freed", 65536, 10000, 0);
}

SITE void large_kept(void)
{
    for (int i = 0; i < 300; i++)
        make(100000);
    note("large_kept", 100000, 300, 300);
}

SITE void huge_freed(void)
{
    for (int i = 0; i < 50; i++)
        free(make(16 << 20));
    note("huge_freed", 16 << 20, 50, 0);
}

static size_t mixed_size(int i)
{
    return i % 40 == 0 ? 100000 : i % 8 == 0 ? 16000 : i % 2 == 0 ? 2000 : 256;
}

/* Every fourth of the blocks of each size is kept. */
SITE void mixed(void)
{
    for (int i = 0; i < 80000; i++) {
        void *block = make(mixed_size(i));

        if (i / 40 % 4 != 0)
            free(block);
    }
    note("mixed", 256, 40000, 10000);
    note("mixed", 2000, 30000, 7500);
    note("mixed", 16000, 8000, 2000);
    note("mixed", 100000, 2000, 500);
}

SITE void resized(void)
{
    for (int i = 0; i < 3000; i++) {
        void *block = resize(resize(make(1000), 5000), 20000);

        if (i % 2 == 0)
            free(block);
    }
    note("resized", 1000, 3000, 0);
    note("resized", 5000, 3000, 0);
    note("resized", 20000, 3000, 1500);
}

/* What cannot be resized stays what it was. */
SITE void resized_in_vain(void)
{
    for (int i = 0; i < 500; i++)
        MUST(resize(make(65536), too_much) == NULL);
    note("resized_in_vain", 65536, 500, 500);
}

static void *shared[THREADS][EACH];
static pthread_barrier_t all;

/* Each thread frees what another one has made, all but every eighth. */
SITE void freed_across_threads(size_t self)
{
    for (size_t i = 0; i < EACH; i++)
        shared[self][i] = make(1000);
    pthread_barrier_wait(&all);
    for (size_t i = 0; i < EACH; i++)
        if (i % 8 != 0)
            free(shared[(self + 1) % THREADS][i]);
}

static void *work(void *self)
{
    freed_across_threads((size_t)self);
    return NULL;
}

static void with_threads(void)
{
    pthread_t threads[THREADS];

    MUST(pthread_barrier_init(&all, NULL, THREADS) == 0);
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    MUST(pthread_barrier_destroy(&all) == 0);
    note("freed_across_threads", 1000, (long)THREADS * EACH, (long)THREADS * EACH / 8);
}

/* The first blocks of a thread are as likely to be recorded as all others. */
SITE void first_of_thread(void)
{
    free(make(30000));
    free(make(30000));
    make(30000);
}

static void *live_shortly(void *unused)
{
    first_of_thread();
    return unused;
}

SITE void short_threads(void)
{
    pthread_t thread;

    for (int i = 0; i < 1000; i++)
        MUST(pthread_create(&thread, NULL, live_shortly, NULL) == 0 && pthread_join(thread, NULL) == 0);
    note("first_of_thread", 30000, 3000, 1000);
}

#ifdef __cplusplus
#include <new>

SITE void new_kept(void)
{
    for (int i = 0; i < 20000; i++)
        USE(new char[300]);
    note("new_kept", 300, 20000, 20000);
}

/* Where malloc is asked for 1024 bytes. */
SITE void new_aligned(void)
{
    const std::align_val_t align{512};

    for (int i = 0; i < 100000; i++) {
        void *block = operator new(600, align);

        USE(block);
        if (i % 16 != 0)
            operator delete(block, align);
    }
    note("new_aligned", 600, 100000, 6250);
}
#endif

static void do_round(void)
{
    tiny_kept();
    tiny_freed();
    nothing_freed();
    pages_kept();
    medium_freed();
    large_kept();
    huge_freed();
    mixed();
    resized();
    resized_in_vain();
    with_threads();
    short_threads();
#ifdef __cplusplus
    new_kept();
    new_aligned();
#endif
}

int main(int argc, char **argv)
{
    char line[16];

    do_round();
    leaktrace_mark();
    marked = true;
    do_round();
    for (const struct row *row = rows; row->function != NULL; row++)
        printf("%s %zu %ld %ld %ld\n", row->function, row->size, row->made, row->live, row->grown);
    puts("over");
    fflush(stdout);
    if (argc == 2 && strcmp(argv[1], "wait") == 0)
        MUST(read(STDIN_FILENO, line, sizeof(line)) == 0);
    return 0;
}
