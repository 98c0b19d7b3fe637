/* What `leaktrace top` shows, as lines of text: of a terminal, or one block after the other where there is none. */
#ifndef LEAKTRACE_TOP_SCREEN_H
#define LEAKTRACE_TOP_SCREEN_H

#include "top/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed;
struct line_page;
struct sites;

struct screen {
    const struct feed *feed;
    const struct sites *sites;
    const struct table *table; /* of the kind that is shown; NULL: there is none yet */
    int64_t window_ns;
    const char *message; /* what is wrong; empty: nothing */
    enum table_order order;
    bool is_frozen;
    bool shows_stack; /* of the chosen row, in place of the table */
    size_t chosen;    /* a row */
    size_t first;     /* row, or frame, at the top */
};

/* How many rows, or frames, have room on a terminal with so many lines. */
size_t screen_room(unsigned lines);
/* Prints at most `lines` lines; the caller shows them. */
void screen_print(const struct screen *screen, const struct line_page *page, unsigned lines);
/* Prints what is known now without keys and choice: at most `top` sites of each kind, or of the one named. */
void screen_print_plain(const struct feed *feed, const struct sites *sites, const char *only_kind, size_t top,
                        const struct line_page *page);

#endif
