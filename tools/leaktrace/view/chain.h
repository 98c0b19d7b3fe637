/*
 * A call chain as people read it: runs of frames in one system library folded, recursion folded, and the middle left
 * out when it does not fit. The ends always stay: where it happened, and which thread it was.
 */
#ifndef LEAKTRACE_VIEW_CHAIN_H
#define LEAKTRACE_VIEW_CHAIN_H

#include <stddef.h>

struct line_page;
struct places_frame;

/* How a frame is written: its function, and the source line when it is known. malloc'ed. */
char *chain_name_frame(const struct places_frame *frame);

/* Prints the `n` frames, of which `step` (1 or -1) leads from one to the next, on at most `lines_max` lines, each entry
   behind `arrow`, the lines moved in by `indent`. */
void chain_print(const struct places_frame *const *frames, size_t n, int step, const char *arrow, size_t indent,
                 size_t lines_max, const struct line_page *page);

#endif
