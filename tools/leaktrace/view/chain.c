/* Call chains that fit. Owns nothing; called by report_text.c. */
#include "view/chain.h"

#include "common.h"
#include "view/line.h"
#include "view/places.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAIL 2            /* entries at the far end that stay when the middle is left out */
#define ENTRY_WIDTH_MIN 4 /* one letter, the arrow, and spaces around it */

struct entry {
    char *text;
    size_t frames;
};

struct chain {
    struct entry *entries;
    size_t n;
};

char *chain_name_frame(const struct places_frame *frame)
{
    const char *file = places_base_name(frame->file);

    if (frame->file[0] == '\0')
        return must_format("%s", frame->function);
    if (frame->line <= 0)
        return must_format("%s (%s)", frame->function, file);
    return must_format("%s (%s:%" PRId64 ")", frame->function, file, frame->line);
}

/* Whether both frames go into one entry: parts of libraries, or one function that calls itself. */
static bool is_same_entry(const struct places_frame *a, const struct places_frame *b)
{
    if (a->is_plumbing || b->is_plumbing)
        return a->is_plumbing && b->is_plumbing;
    return strcmp(a->module, b->module) == 0 && strcmp(a->function, b->function) == 0;
}

/* The module that all of the frames are parts of; NULL when there are several. */
static const char *common_module(const struct places_frame *const *frames, size_t n, int step)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(frames[(ptrdiff_t)i * step]->module, frames[0]->module) != 0)
            return NULL;
    return frames[0]->is_system ? frames[0]->module : NULL;
}

/* An entry of `n` frames, of which `step` leads from one to the next. */
static char *name_run(const struct places_frame *const *frames, size_t n, int step)
{
    const struct places_frame *frame = frames[0];
    const char *module = common_module(frames, n, step);
    char *name, *text;

    if (n > 1 && frame->is_plumbing)
        return module == NULL ? must_format("\u2026 %zu library frames", n)
                              : must_format("\u2026 %zu frames in %s", n, places_base_name(module));
    name = chain_name_frame(frame);
    text = n > 1 ? must_format("%s, %zu times", name, n) : must_format("%s", name);
    free(name);
    return text;
}

static struct chain make_chain(const struct places_frame *const *frames, size_t n, int step)
{
    struct chain chain = {.entries = must_grow(NULL, n, sizeof(*chain.entries))};
    size_t run;

    for (size_t i = 0; i < n; i += run) {
        const struct places_frame *first = frames[(ptrdiff_t)i * step];

        run = 1;
        /* On the way to the leaf, what the user's code has called tells something; what that has called does not. */
        while ((i > 0 || step > 0) && i + run < n && is_same_entry(first, frames[(ptrdiff_t)(i + run) * step]))
            run++;
        chain.entries[chain.n++] = (struct entry){.text = name_run(&frames[(ptrdiff_t)i * step], run, step), .frames = run};
    }
    return chain;
}

/* Lays entries out one after the other. With `out` NULL nothing is printed, only lines are counted. */
struct layout {
    const struct line_page *page;
    const char *arrow;
    size_t indent;
    size_t lines;
    size_t column;
    struct line *out;
};

static void lay_entry(struct layout *layout, const char *text)
{
    size_t width = line_width_of(layout->arrow) + 1 + line_width_of(text);

    if (layout->lines > 0 && layout->column + 1 + width > layout->page->width) {
        if (layout->out != NULL)
            line_print(layout->out, layout->page);
        layout->column = 0;
    }
    if (layout->column == 0) {
        layout->lines++;
        layout->column = layout->indent - 1;
        if (layout->out != NULL)
            line_add(layout->out, LINE_PLAIN, "%*s", (int)layout->indent - 1, "");
    }
    if (layout->out != NULL) {
        line_add(layout->out, LINE_FAINT, " %s ", layout->arrow);
        line_add(layout->out, LINE_PLAIN, "%s", text);
    }
    layout->column += 1 + width;
}

/* Lays out the first `front` entries and the last `tail`, and what says how much is between them. */
static void lay_chain(struct layout *layout, const struct chain *chain, size_t front, size_t tail)
{
    size_t left_out = 0;
    char *text;

    for (size_t i = 0; i < front; i++)
        lay_entry(layout, chain->entries[i].text);
    for (size_t i = front; i < chain->n - tail; i++)
        left_out += chain->entries[i].frames;
    if (left_out > 0) {
        text = must_format("\u2026 %zu more frame%s", left_out, left_out == 1 ? "" : "s");
        lay_entry(layout, text);
        free(text);
    }
    for (size_t i = chain->n - tail; i < chain->n; i++)
        lay_entry(layout, chain->entries[i].text);
}

static size_t count_lines(struct layout layout, const struct chain *chain, size_t front, size_t tail)
{
    lay_chain(&layout, chain, front, tail);
    return layout.lines;
}

void chain_print(const struct places_frame *const *frames, size_t n, int step, const char *arrow, size_t indent,
                 size_t lines_max, const struct line_page *page)
{
    struct chain chain = make_chain(frames, n, step);
    struct layout layout = {.page = page, .arrow = arrow, .indent = indent};
    size_t tail = chain.n < TAIL ? chain.n : TAIL, front = chain.n - tail;
    struct line line = {.n = 0};

    if (front > lines_max * page->width / ENTRY_WIDTH_MIN)
        front = lines_max * page->width / ENTRY_WIDTH_MIN;
    /* On the way to the leaf the near end says more than the far one. */
    while (step < 0 && tail > 0 && count_lines(layout, &chain, front, tail) > lines_max)
        tail--;
    while (front > 0 && count_lines(layout, &chain, front, tail) > lines_max)
        front--;
    while (tail > 0 && count_lines(layout, &chain, front, tail) > lines_max)
        tail--;
    layout.out = &line;
    lay_chain(&layout, &chain, front, tail);
    if (line.n > 0)
        line_print(&line, page);
    for (size_t i = 0; i < chain.n; i++)
        free(chain.entries[i].text);
    free(chain.entries);
}
