/* A program with output on both streams and a status of its own; plain BLOCKS makes so many blocks of 1000 bytes, at sites of many
   stacks. What it says of errno must be the same with and without leaktrace. */
#include "specimen.h"

#include <fcntl.h>
#include <unistd.h>

SITE void descend(int depth)
{
    if (depth == 0)
        USE(malloc(1000));
    else
        descend(depth - 1);
    __asm__ volatile("");
}

SITE void keeps_blocks(int count)
{
    for (int i = 0; i < count; i++)
        USE(malloc(1000));
}

SITE void keeps_descriptor(void)
{
    MUST(open("/dev/null", O_RDONLY) >= 0);
}

static void show_errno(void)
{
    errno = 0;
    free(malloc(10));
    printf("errno %d", errno);
    errno = EXDEV;
    free(realloc(malloc(10), 1000));
    MUST(close(open("/dev/null", O_RDONLY)) == 0);
    printf(" %d", errno);
    MUST(open("/not/there", O_RDONLY) == -1);
    printf(" %d", errno);
    MUST(close(-1) == -1);
    printf(" %d\n", errno);
}

int main(int argc, char **argv)
{
    show_errno();
    descend(100);
    keeps_descriptor();
    keeps_blocks(argc > 1 ? atoi(argv[1]) : 1);
    fprintf(stderr, "a word on standard error\n");
    return 29;
}
