/* Takes a step for each line of input, and says which step that was. In each: leaks ten blocks and opens a descriptor, keeps what it
 * has kept since the start, and holds a block only from one step to the next. In the first one a table is filled. */
#include "specimen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEAK_COUNT 10
#define LEAK_SIZE 100
#define TABLE_COUNT 50

/* In another build everything lies elsewhere. */
#ifdef ANOTHER_BUILD
SITE int only_in_this_build(int number);
SITE int only_in_this_build(int number)
{
    return number * 7 % 13;
}
#endif

SITE void leak_blocks(void);
SITE void leak_blocks(void)
{
    for (int i = 0; i < LEAK_COUNT; i++)
        USE(malloc(LEAK_SIZE));
}

SITE void leak_descriptor(void);
SITE void leak_descriptor(void)
{
    MUST(open("/dev/null", O_RDONLY) >= 0);
}

SITE void fill_table(void);
SITE void fill_table(void)
{
    for (int i = 0; i < TABLE_COUNT; i++)
        USE(malloc(1000));
}

SITE void *hold_for_a_step(void *last);
SITE void *hold_for_a_step(void *last)
{
    free(last);
    return malloc(5000);
}

int main(void)
{
    void *held = NULL;
    char line[16];

    for (int step = 1; fgets(line, sizeof(line), stdin) != NULL; step++) {
        if (step == 1)
            fill_table();
        leak_blocks();
        leak_descriptor();
        held = hold_for_a_step(held);
#ifdef ANOTHER_BUILD
        step += only_in_this_build(0);
#endif
        printf("step %d\n", step);
        fflush(stdout);
    }
    free(held);
    return 0;
}
