/* What several formats share. */
#ifndef LEAKTRACE_GATE_FORMAT_H
#define LEAKTRACE_GATE_FORMAT_H

#include "gate/verdict.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where a frame or a leak is, for tools that show source files: a path, relative where it is below the current folder, and a
   line from 1 on. Where the source is not known it is the module. */
struct format_source {
    char *path; /* malloc'ed; never empty */
    int64_t line;
    bool is_known; /* it is a source file */
};

struct format_source format_source_of_frame(const struct places_frame *frame);
/* Of the headline, or of the first frame of the user's own whose source is known. */
struct format_source format_source_of_leak(const struct leak *leak);

/* The stack as text, a frame a line. */
char *format_stack(const struct leak *leak);
/* The how-manieth, from 1 on, this leak is of those with its fingerprint; they are worst first. */
unsigned format_ordinal(const struct verdict *verdict, size_t at);
/* "FUNCTION [FINGERPRINT]", or with "#2" and so on behind it: stays the same from run to run; malloc'ed. */
char *format_stable_name(const struct verdict *verdict, size_t at);

#endif
