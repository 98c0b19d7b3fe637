/*
 * One line of output that fits its width: built from pieces, then printed, with an ellipsis where it had to be cut.
 *
 * A line is measured in characters, not in bytes. Control characters become '?', so that no name in a dump can move the
 * cursor; colours are added last and take no room.
 */
#ifndef LEAKTRACE_VIEW_LINE_H
#define LEAKTRACE_VIEW_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LINE_WIDTH_MIN 20
#define LINE_WIDTH_MAX 1000

enum line_style { LINE_PLAIN, LINE_STRONG, LINE_ALARM, LINE_FAINT, LINE_CHOSEN, LINE_STYLE_MAX };

struct line_cell {
    uint32_t character;
    enum line_style style;
};

struct line {
    struct line_cell cells[LINE_WIDTH_MAX + 1]; /* one past the widest: enough to know that it must be cut */
    size_t n;
};

/* What a line is printed on. */
struct line_page {
    FILE *out;
    unsigned width; /* LINE_WIDTH_MIN to LINE_WIDTH_MAX */
    bool colour;
};

void line_add(struct line *line, enum line_style style, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Prints the line and makes it empty again. */
void line_print(struct line *line, const struct line_page *page);
/* How many characters wide a text is on a line. */
size_t line_width_of(const char *text);

#endif
