/* The formats of the gate's result, and where they go. */
#ifndef LEAKTRACE_GATE_OUTPUT_H
#define LEAKTRACE_GATE_OUTPUT_H

#include "gate/verdict.h"
#include "view/line.h"

#include <stdio.h>

/* Writes a whole result. */
typedef void output_write(const struct verdict *verdict, FILE *out);

output_write format_text, format_json, format_sarif, format_junit, format_github, format_gitlab, format_markdown,
    format_valgrind;

struct output {
    output_write *write;
    char *file; /* NULL or "-": standard output; malloc'ed */
};

/* Reads "text,json,sarif=FILE". Returns how many outputs there are in `ret_outputs` (malloc'ed); 0 after a complaint. */
size_t output_parse(const char *list, struct output **ret_outputs);
/* Writes all of them; false after complaints. Files are written beside, and renamed. */
bool output_all(const struct output *outputs, size_t n, const struct verdict *verdict);
void output_release(struct output *outputs, size_t n);

#endif
