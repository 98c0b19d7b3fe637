/* Blocks by every function of libc that gives one, lost; and requests that fail, are empty, or are given back. */
#include "case.h"

#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define HUGE_BLOCK ((size_t)1 << 30)

static void *volatile kept;

SITE void site_malloc(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(100));
}

SITE void site_calloc(void)
{
    USE(calloc(5, 40));
}

SITE void site_realloc(void)
{
    USE(realloc(NULL, 70));
}

SITE void site_reallocarray(void)
{
    USE(reallocarray(NULL, 6, 10));
}

SITE void site_memalign(void)
{
    USE(memalign(64, 100));
}

SITE void site_posix_memalign(void)
{
    void *block;

    MUST(posix_memalign(&block, 4096, 300) == 0);
    USE(block);
    block = NULL;
    USE(block);
}

SITE void site_aligned_alloc(void)
{
    USE(aligned_alloc(64, 128));
}

SITE void site_valloc(void)
{
    USE(valloc(90));
}

SITE void site_strdup(void)
{
    USE(strdup("ten bytes"));
}

SITE void site_strndup(void)
{
    USE(strndup("ten bytes and more", 9));
}

SITE void site_wcsdup(void)
{
    USE(wcsdup(L"four times ten"));
}

SITE void site_asprintf(void)
{
    char *text;

    MUST(asprintf(&text, "%s %d", "text", 1) == 6);
    USE(text);
    text = NULL;
    USE(text);
}

SITE void site_getline(void)
{
    FILE *lines = fmemopen((char[]){"a line\n"}, 7, "r");
    char *line = NULL;
    size_t size = 0;

    MUST(lines != NULL && getline(&line, &size, lines) == 7);
    fclose(lines);
    USE(line);
    line = NULL;
    USE(line);
}

SITE void site_getcwd(void)
{
    USE(getcwd(NULL, 0));
}

SITE void site_realpath(void)
{
    USE(realpath("/", NULL));
}

SITE void site_open_memstream(void)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    MUST(stream != NULL && fputs("some text", stream) >= 0 && fclose(stream) == 0);
    USE(text);
    text = NULL;
    USE(text);
}

SITE void site_opendir(void)
{
    USE(opendir("/"));
}

SITE void site_regcomp(void)
{
    regex_t expression;

    MUST(regcomp(&expression, "a*(b|c)+d", REG_EXTENDED) == 0);
    memset(&expression, 0, sizeof expression);
    USE(&expression);
}

/* Acquired elsewhere, lost by who made it grow: that is the site of the block that there is. */
SITE void site_grown(size_t from, size_t to)
{
    USE(realloc(site_block(from), to));
}

SITE void site_failing_realloc(int lose)
{
    char *block = malloc(80), *none = realloc(block, (size_t)PTRDIFF_MAX);

    MUST(block != NULL && none == NULL);
    if (!lose)
        free(block);
    block = NULL;
    USE(block);
}

SITE void site_realloc_to_nothing(void)
{
    MUST(realloc(malloc(80), 0) == NULL);
}

SITE void site_empty(void)
{
    void *block = malloc(0);

    MUST(block != NULL);
    USE(block);
}

/* A number of which only the upper half is an old pointer's is common on stacks; the block must not be where it points to. */
SITE void site_huge(void)
{
    char *block = malloc(HUGE_BLOCK), *other = NULL;

    MUST(block != NULL);
    if (((uintptr_t)block >> 32) != ((uintptr_t)block + HUGE_BLOCK) >> 32) {
        other = block;
        block = malloc(HUGE_BLOCK);
    }
    USE(block);
    free(other);
}

SITE void site_refused(void)
{
    volatile size_t most = PTRDIFF_MAX, many = SIZE_MAX / 2;
    void *block = &block;

    MUST(malloc(most) == NULL && calloc(many, 8) == NULL && reallocarray(NULL, many, 8) == NULL);
    MUST(aligned_alloc(64, most) == NULL && posix_memalign(&block, 64, most) != 0);
    USE(block);
}

SITE void site_many(void)
{
    for (int i = 0; i < 100000; i++)
        USE(malloc(16));
}

#define LOSES(name)                                                                                                            \
    static int lose_##name(void)                                                                                               \
    {                                                                                                                          \
        site_##name();                                                                                                         \
        return 0;                                                                                                              \
    }

LOSES(malloc)
LOSES(calloc)
LOSES(realloc)
LOSES(reallocarray)
LOSES(memalign)
LOSES(posix_memalign)
LOSES(aligned_alloc)
LOSES(valloc)
LOSES(strdup)
LOSES(strndup)
LOSES(wcsdup)
LOSES(asprintf)
LOSES(getline)
LOSES(getcwd)
LOSES(realpath)
LOSES(open_memstream)
LOSES(opendir)
LOSES(regcomp)
LOSES(realloc_to_nothing)
LOSES(empty)
LOSES(huge)
LOSES(refused)
LOSES(many)

static int lose_grown(void)
{
    site_grown(50, 5000);
    return 0;
}

/* Large enough for a mapping of its own, which moves. */
static int lose_grown_mapping(void)
{
    site_grown(300000, 4000000);
    return 0;
}

static int lose_shrunk(void)
{
    site_grown(5000, 50);
    return 0;
}

static int lose_after_failing_realloc(void)
{
    site_failing_realloc(1);
    return 0;
}

static int free_after_failing_realloc(void)
{
    site_failing_realloc(0);
    return 0;
}

static int keep_empty(void)
{
    kept = site_block(0);
    return 0;
}

static int free_all(void)
{
    for (size_t size = 0; size < 100000; size += 1 + size / 3)
        free(site_block(size));
    free(NULL);
    free(realloc(site_block(100), 200000));
    return 0;
}

static void *free_it(void *block)
{
    free(block);
    return NULL;
}

static int free_in_another_thread(void)
{
    in_thread(free_it, site_block(100));
    return 0;
}

const struct gate_case gate_cases[] = {
    {"malloc", lose_malloc},
    {"calloc", lose_calloc},
    {"realloc", lose_realloc},
    {"reallocarray", lose_reallocarray},
    {"memalign", lose_memalign},
    {"posix_memalign", lose_posix_memalign},
    {"aligned_alloc", lose_aligned_alloc},
    {"valloc", lose_valloc},
    {"strdup", lose_strdup},
    {"strndup", lose_strndup},
    {"wcsdup", lose_wcsdup},
    {"asprintf", lose_asprintf},
    {"getline", lose_getline},
    {"getcwd", lose_getcwd},
    {"realpath", lose_realpath},
    {"open_memstream", lose_open_memstream},
    {"opendir", lose_opendir},
    {"regcomp", lose_regcomp},
    {"grown", lose_grown},
    {"grown_mapping", lose_grown_mapping},
    {"shrunk", lose_shrunk},
    {"failing_realloc_lost", lose_after_failing_realloc},
    {"failing_realloc_freed", free_after_failing_realloc},
    {"realloc_to_nothing", lose_realloc_to_nothing},
    {"empty_lost", lose_empty},
    {"empty_kept", keep_empty},
    {"huge", lose_huge},
    {"refused", lose_refused},
    {"many", lose_many},
    {"all_freed", free_all},
    {"freed_in_another_thread", free_in_another_thread},
    {NULL, NULL},
};
