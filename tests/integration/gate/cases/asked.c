/* What the program or the user asks the gate to leave alone. */
#include "case.h"

#include <leaktrace/leaktrace.h>

#include <fcntl.h>

#define SIZE 100
#define POOL 4096

static void *volatile kept;

/* The same of LeakSanitizer, where that judges the case. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));
extern void __lsan_register_root_region(const void *ptr, size_t size) __attribute__((weak));
extern void __lsan_unregister_root_region(const void *ptr, size_t size) __attribute__((weak));

static void ignore_begin(void)
{
    leaktrace_ignore_begin();
    if (__lsan_disable)
        __lsan_disable();
}

static void ignore_end(void)
{
    leaktrace_ignore_end();
    if (__lsan_enable)
        __lsan_enable();
}

static void root(const void *memory, size_t size)
{
    leaktrace_root(memory, size);
    if (__lsan_register_root_region)
        __lsan_register_root_region(memory, size);
}

static void unroot(const void *memory, size_t size)
{
    leaktrace_unroot(memory);
    if (__lsan_unregister_root_region)
        __lsan_unregister_root_region(memory, size);
}

SITE void site_ignored(void)
{
    USE(malloc(SIZE));
}

SITE void site_after(void)
{
    USE(malloc(50));
}

SITE void site_suppressed(void)
{
    USE(malloc(SIZE));
}

SITE void site_suppressed_for_valgrind(void)
{
    USE(malloc(SIZE));
}

SITE void site_left_open(void)
{
    MUST(open("/dev/null", O_RDONLY) > 2);
}

SITE void site_at_most(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(10));
}

SITE void site_outdated(void)
{
    USE(malloc(10));
}

static int ignore_scope(void)
{
    ignore_begin();
    site_ignored();
    ignore_end();
    return 0;
}

static int lose_after_scope(void)
{
    ignore_scope();
    site_after();
    return 0;
}

static int ignore_nested_scopes(void)
{
    ignore_begin();
    ignore_scope();
    site_ignored();
    ignore_end();
    site_after();
    return 0;
}

static void *lose_after(void *unused)
{
    site_after();
    return unused;
}

static int lose_in_other_thread_of_scope(void)
{
    ignore_begin();
    in_thread(lose_after, NULL);
    ignore_end();
    return 0;
}

/* What an ignored block points to is held like what any block points to. */
static int keep_through_ignored(void)
{
    void **block;

    ignore_begin();
    block = malloc(SIZE);
    ignore_end();
    MUST(block != NULL);
    block[5] = site_block(SIZE);
    kept = block;
    return 0;
}

static int free_ignored(void)
{
    void *block;

    ignore_begin();
    block = site_block(SIZE);
    ignore_end();
    free(realloc(block, 2 * SIZE));
    return 0;
}

/* The memory of an allocator of the program's own, which knows it by no pointer. */
SITE void *site_pool(void)
{
    void **pool = calloc(1, POOL);

    MUST(pool != NULL);
    pool[100] = site_block(SIZE);
    return pool;
}

static int keep_in_root(void)
{
    root(site_pool(), POOL);
    return 0;
}

static int lose_in_root_taken_back(void)
{
    void *pool = site_pool();

    root(pool, POOL);
    unroot(pool, POOL);
    return 0;
}

static int lose_suppressed(void)
{
    site_suppressed();
    return 0;
}

static int lose_suppressed_and_more(void)
{
    site_suppressed();
    site_after();
    return 0;
}

static int lose_at_most(void)
{
    site_at_most();
    return 0;
}

static int lose_more_than_most(void)
{
    site_at_most();
    site_at_most();
    return 0;
}

static int lose_outdated(void)
{
    site_outdated();
    return 0;
}

static int lose_in_valgrinds_words(void)
{
    site_suppressed_for_valgrind();
    return 0;
}

static int leave_open(void)
{
    site_left_open();
    return 0;
}

const struct gate_case gate_cases[] = {
    {"ignored", ignore_scope},
    {"after_ignored", lose_after_scope},
    {"nested", ignore_nested_scopes},
    {"other_thread", lose_in_other_thread_of_scope},
    {"through_ignored", keep_through_ignored},
    {"ignored_freed", free_ignored},
    {"root", keep_in_root},
    {"root_taken_back", lose_in_root_taken_back},
    {"suppressed", lose_suppressed},
    {"suppressed_and_more", lose_suppressed_and_more},
    {"at_most", lose_at_most},
    {"more_than_most", lose_more_than_most},
    {"outdated", lose_outdated},
    {"in_valgrinds_words", lose_in_valgrinds_words},
    {"descriptor", leave_open},
    {NULL, NULL},
};
