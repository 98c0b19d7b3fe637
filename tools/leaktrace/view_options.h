/* The options that report, diff and trend have in common. */
#ifndef LEAKTRACE_TOOLS_VIEW_OPTIONS_H
#define LEAKTRACE_TOOLS_VIEW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct view_options {
    size_t top;       /* sites of each kind */
    const char *kind; /* NULL: all */
    bool as_json;
};

/* Reads --top, --kind, --format and --help, which prints `help`; what is left begins at optind. A negative result means
   that all is well; else it is the exit status. */
int view_options_read(int argc, char **argv, const char *help, struct view_options *ret_options);

#endif
