/* The line of progress. Owns nothing; called by what can take long. */
#include "view/progress.h"

#include <time.h>

#define FIRST_NS 1000000000
#define EACH_NS 250000000

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

void progress_start(struct progress *progress, FILE *out, const char *what)
{
    *progress = (struct progress){.out = out, .what = what, .next_ns = now_ns() + FIRST_NS};
}

void progress_show(struct progress *progress, size_t done, size_t all)
{
    int64_t now = progress->out == NULL ? 0 : now_ns();

    if (progress->out == NULL || now < progress->next_ns || all == 0)
        return;
    progress->next_ns = now + EACH_NS;
    progress->shown = true;
    fprintf(progress->out, "\r%s: %zu %%", progress->what, done * 100 / all);
    fflush(progress->out);
}

void progress_end(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
}
