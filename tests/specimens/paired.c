/*
 * Holds as many blocks of one site as descriptors of another and blocks of a third, at every instant but for the one step that is
 * under way, while their number goes up and down. A step acquires four things in either direction, so that steps can be counted by
 * what was acquired. Ends by being killed.
 */
#include "specimen.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define MOST 200

static void *firsts[MOST], *lasts[MOST];
static int fds[MOST];

SITE void *first_of_pair(void)
{
    return malloc(64);
}

SITE int descriptor_of_pair(void)
{
    return open("/dev/null", O_RDONLY);
}

SITE void *last_of_pair(void)
{
    return malloc(32);
}

SITE void acquires_in_passing(int times)
{
    while (times-- > 0) {
        void *block = malloc(16);

        USE(block);
        free(block);
    }
}

static void step_up(int i)
{
    acquires_in_passing(1);
    firsts[i] = first_of_pair();
    fds[i] = descriptor_of_pair();
    lasts[i] = last_of_pair();
    MUST(firsts[i] != NULL && fds[i] >= 0 && lasts[i] != NULL);
}

static void step_down(int i)
{
    acquires_in_passing(4);
    free(lasts[i]);
    close(fds[i]);
    free(firsts[i]);
}

static void pause_a_little(void)
{
    const struct timespec little = {.tv_nsec = 50000};

    nanosleep(&little, NULL);
}

int main(void)
{
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (int i = 0; i < MOST; i++, pause_a_little())
            step_up(i);
        for (int i = MOST; i-- > 0; pause_a_little())
            step_down(i);
    }
}
