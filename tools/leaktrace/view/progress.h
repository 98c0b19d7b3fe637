/* One line on a terminal that tells how far something is that takes longer than a second. */
#ifndef LEAKTRACE_VIEW_PROGRESS_H
#define LEAKTRACE_VIEW_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *out;        /* NULL: nobody is told */
    const char *what; /* is done; kept, not copied */
    int64_t next_ns;  /* when the line is due */
    bool shown;
};

void progress_start(struct progress *progress, FILE *out, const char *what);
/* Brings the line up to date, at most four times in a second. */
void progress_show(struct progress *progress, size_t done, size_t all);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
