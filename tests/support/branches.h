/*
 * Random trees of calls: what their frames have in common, whoever grows the tree.
 *
 * Who includes this defines rnd() and branch(), which goes on with the tree. Frames call it in one of two places, so that their
 * callers have two addresses in them.
 */
#ifndef LEAKTRACE_TESTS_BRANCHES_H
#define LEAKTRACE_TESTS_BRANCHES_H

#include <stdint.h>
#include <stdlib.h>

#define FRAME __attribute__((noipa, optimize("no-optimize-sibling-calls")))
#define PLAIN FRAME __attribute__((optimize("O0")))
#define FAST FRAME __attribute__((optimize("O2", "omit-frame-pointer")))

static __thread volatile unsigned sink; /* keeps calls from being tail calls */

/* A number below `limit`. */
static uint64_t rnd(uint64_t limit);
static void branch(unsigned level);

#define BRANCH(level)                                                                                                          \
    do {                                                                                                                       \
        if (rnd(2) == 0) {                                                                                                     \
            branch(level);                                                                                                     \
            sink++;                                                                                                            \
        } else {                                                                                                               \
            branch(level);                                                                                                     \
            sink += 2;                                                                                                         \
        }                                                                                                                      \
    } while (0)

FAST static void fast(unsigned level)
{
    BRANCH(level);
}

static __thread unsigned sort_level;

static int compare(const void *a, const void *b)
{
    if (sort_level != 0)
        BRANCH(sort_level);
    return *(const int *)a - *(const int *)b;
}

/* Through libc. */
FAST static void sorts(unsigned level)
{
    int values[] = {3, 1, 2};

    sort_level = level > 2 ? 2 : level;
    qsort(values, 3, sizeof(values[0]), compare);
    sink += (unsigned)values[0];
}

#endif
