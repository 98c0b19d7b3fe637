/* A stack as the views show it: the first frame of the user's own code, and the way to it from both sides. */
#ifndef LEAKTRACE_VIEW_STACK_H
#define LEAKTRACE_VIEW_STACK_H

#include <stddef.h>

struct json;
struct line_page;
struct places_frame;

/* Prints the headline, the way from it to the leaf on two lines at most, and its callers on at most `lines_max` lines, all moved in
   by `indent`. Frames are leaf first. */
void stack_print(const struct places_frame *const *frames, size_t n_frames, size_t headline, size_t indent, size_t lines_max,
                 const struct line_page *page);
/* The same, with the source line of the headline below it; `source` NULL: it is not known. */
void stack_print_with_source(const struct places_frame *const *frames, size_t n_frames, size_t headline, const char *source,
                             size_t indent, size_t lines_max, const struct line_page *page);
/* The frames as an array "frames", and "headline", the index of the first one of the user's own code; null without any. */
void stack_write_json(const struct places_frame *const *frames, size_t n_frames, size_t headline, struct json *json);

#endif
