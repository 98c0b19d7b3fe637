/* Lines that fit. Owns nothing; called by all that prints text for people. */
#include "view/line.h"

#include "common.h"
#include "view/utf8.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *const line_colours[LINE_STYLE_MAX] = {
    [LINE_PLAIN] = "",
    [LINE_STRONG] = "\033[1m",
    [LINE_ALARM] = "\033[31m",
    [LINE_FAINT] = "\033[2m",
    [LINE_CHOSEN] = "\033[7m",
};

static void add_cells(struct line *line, enum line_style style, const char *text)
{
    uint32_t character;

    while (line->n <= LINE_WIDTH_MAX && (character = utf8_next(&text)) != 0)
        line->cells[line->n++] = (struct line_cell){utf8_is_control(character) ? '?' : character, style};
}

void line_add(struct line *line, enum line_style style, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = must_vformat(format, args);
    va_end(args);
    add_cells(line, style, text);
    free(text);
}

static void set_style(const struct line_page *page, enum line_style *style, enum line_style wanted)
{
    if (!page->colour || *style == wanted)
        return;
    fprintf(page->out, "%s%s", *style == LINE_PLAIN ? "" : "\033[0m", line_colours[wanted]);
    *style = wanted;
}

void line_print(struct line *line, const struct line_page *page)
{
    bool cut = line->n > page->width;
    size_t n = cut ? page->width - 1 : line->n;
    enum line_style style = LINE_PLAIN;

    for (size_t i = 0; i < n; i++) {
        set_style(page, &style, line->cells[i].style);
        utf8_put(page->out, line->cells[i].character);
    }
    set_style(page, &style, LINE_PLAIN);
    if (cut)
        utf8_put(page->out, UTF8_ELLIPSIS);
    putc('\n', page->out);
    line->n = 0;
}

size_t line_width_of(const char *text)
{
    size_t width = 0;

    while (utf8_next(&text) != 0)
        width++;
    return width;
}
