/* Where a command's result goes: a file, or standard output. */
#ifndef LEAKTRACE_TOOLS_OUTPUT_H
#define LEAKTRACE_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Opens a file for writing, "-" being standard output; NULL after a complaint. */
FILE *output_open(const char *path);
/* Ends it; false after a complaint, when not everything has been written. */
bool output_close(FILE *out, const char *path);

#endif
