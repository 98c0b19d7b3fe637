/* leaks_on_demand: keeps, for each line of input, ten blocks of 1000 bytes and a descriptor; at its start a large block that
   never grows. Says "ready", and "done" behind each line. */
#include "specimen.h"

#include <fcntl.h>

SITE void keeps_cache(void)
{
    USE(malloc(1000000));
}

SITE void keeps_ten_blocks(void)
{
    for (int i = 0; i < 10; i++)
        USE(malloc(1000));
}

SITE void keeps_descriptor(void)
{
    MUST(open("/dev/null", O_RDONLY) >= 0);
}

SITE void serve(void)
{
    keeps_ten_blocks();
    keeps_descriptor();
}

int main(void)
{
    int letter;

    keeps_cache();
    puts("ready");
    fflush(stdout);
    while ((letter = getchar()) != EOF) {
        if (letter != '\n')
            continue;
        serve();
        puts("done");
        fflush(stdout);
    }
    return 0;
}
