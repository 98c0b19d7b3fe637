/* Lines of source files, when they are at hand and are those that were compiled. */
#ifndef LEAKTRACE_VIEW_SOURCE_LINE_H
#define LEAKTRACE_VIEW_SOURCE_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* Longer lines are cut. */
#define SOURCE_LINE_MAX 512

struct places_frame;

/* The line that a frame is at, without the space around it. False when its file is not here, has changed since the dump at
   `time_ns` (0: unknown) or since its module was built, or has no such line, and when the line is empty. */
bool source_line_read(const struct places_frame *frame, int64_t time_ns, char ret_line[SOURCE_LINE_MAX]);

#endif
