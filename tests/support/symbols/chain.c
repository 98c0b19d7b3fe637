/* Blocks by ways that the compiler takes apart: inlined, cloned, cut into hot and cold parts, recursive, in a nested function. */
#include <stdio.h>
#include <stdlib.h>

static void *volatile kept;

static inline void *grab(size_t size)
{
    return malloc(size);
}

static inline void keep(size_t size)
{
    kept = grab(size);
}

__attribute__((noinline)) static void descend(int depth)
{
    if (depth > 0)
        descend(depth - 1);
    keep(100);
    kept = NULL;
}

__attribute__((noinline)) static void maybe(int number, size_t size)
{
    if (__builtin_expect(number == 2, 0))
        keep(size);
    kept = grab(size + 1);
}

static void twice(size_t size)
{
    keep(size);
    keep(size);
}

static void with_nested(int count)
{
    __attribute__((noinline)) void nested(size_t size)
    {
        for (int i = 0; i < count; i++)
            keep(size);
    }

    nested(200);
}

int main(int argc, char **argv)
{
    (void)argv;
    descend(3);
    for (int i = 0; i < 4; i++)
        maybe(i, 300);
    twice(400);
    with_nested(argc + 1);
    return 0;
}
