/* own_malloc: a program that has a malloc of its own. */
#include "specimen.h"

#include "plugins/bump.h"

#include <fcntl.h>
#include <pthread.h>

static void *uses(void *argument)
{
    free(realloc(calloc(3, 10), 60));
    return argument;
}

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++) {
        USE(malloc(50));
        MUST(open("/dev/null", O_RDONLY) >= 0);
    }
}

SITE void starts_four(void)
{
    pthread_t thread;

    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&thread, NULL, uses, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void)
{
    keeps_three();
    starts_four();
    puts("over");
    return 5;
}
