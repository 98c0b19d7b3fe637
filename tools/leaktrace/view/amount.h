/* How much of a kind, for people, added to a line. */
#ifndef LEAKTRACE_VIEW_AMOUNT_H
#define LEAKTRACE_VIEW_AMOUNT_H

#include "view/line.h"

#include <stdbool.h>
#include <stdint.h>

struct amount_of {
    const char *kind;
    bool has_bytes;
    bool by_bytes;
    int64_t count;
    int64_t bytes;
};

/* "30 descriptors", "7.1 MiB in 30,000 blocks", "12 threads (96.0 MiB)"; `sign` goes before what is not negative. */
void amount_add(struct line *line, enum line_style style, const struct amount_of *amount, const char *sign);
/* The figure that sites of the kind are compared by, alone: "7.1 MiB", "30". */
void amount_add_figure(struct line *line, enum line_style style, bool by_bytes, int64_t figure, const char *sign);

#endif
