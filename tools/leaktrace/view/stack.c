/* Stacks for people. Owns nothing; called by all that prints sites. */
#include "view/stack.h"

#include "view/chain.h"
#include "view/json.h"
#include "view/line.h"
#include "view/places.h"

#include <stdlib.h>

#define LEAF_LINES_MAX 2

void stack_print(const struct places_frame *const *frames, size_t n_frames, size_t headline, size_t indent, size_t lines_max,
                 const struct line_page *page)
{
    stack_print_with_source(frames, n_frames, headline, NULL, indent, lines_max, page);
}

void stack_print_with_source(const struct places_frame *const *frames, size_t n_frames, size_t headline, const char *source,
                             size_t indent, size_t lines_max, const struct line_page *page)
{
    struct line line = {.n = 0};
    char *name;

    if (n_frames == 0) {
        line_add(&line, LINE_STRONG, "%*s(no stack)", (int)indent, "");
        line_print(&line, page);
        return;
    }
    name = chain_name_frame(frames[headline]);
    line_add(&line, LINE_STRONG, "%*s%s", (int)indent, "", name);
    line_print(&line, page);
    free(name);
    if (source != NULL) {
        line_add(&line, LINE_FAINT, "%*s\u2502 ", (int)indent, "");
        line_add(&line, LINE_PLAIN, "%s", source);
        line_print(&line, page);
    }
    if (headline > 0)
        chain_print(&frames[headline - 1], headline, -1, "\u2192", indent, LEAF_LINES_MAX, page);
    chain_print(&frames[headline + 1], n_frames - headline - 1, 1, "\u2190", indent, lines_max, page);
}

static void write_frame(struct json *json, const struct places_frame *frame)
{
    json_open_object(json, NULL);
    json_string(json, "function", frame->function);
    json_string(json, "module", frame->module);
    json_string(json, "file", frame->file);
    json_int(json, "line", frame->line);
    json_int(json, "offset", (int64_t)frame->offset);
    json_close(json);
}

void stack_write_json(const struct places_frame *const *frames, size_t n_frames, size_t headline, struct json *json)
{
    json_known(json, "headline", n_frames > 0, (int64_t)headline);
    json_open_array(json, "frames");
    for (size_t i = 0; i < n_frames; i++)
        write_frame(json, frames[i]);
    json_close(json);
}
