/* The options that report, diff and trend have in common. */
#ifndef LEAKTRACE_TOOLS_VIEW_OPTIONS_H
#define LEAKTRACE_TOOLS_VIEW_OPTIONS_H

#include "symbolize/symbolize.h"

#include <stdbool.h>
#include <stddef.h>

#define VIEW_OPTIONS_FOLDERS_MAX 32

struct view_options {
    size_t top;       /* sites of each kind */
    const char *kind; /* NULL: all */
    bool as_json;
    const char *folders[VIEW_OPTIONS_FOLDERS_MAX]; /* with debug files */
    size_t n_folders;
};

/* Reads --top, --kind, --symbols, --format and --help, which prints `help`; what is left begins at optind. An option that the
   help does not name is unknown to the command. A negative result means that all is well; else it is the exit status. */
int view_options_read(int argc, char **argv, const char *help, struct view_options *ret_options);
/* How the lines of a view are found; points into the options. */
struct symbolize_options view_options_symbols(const struct view_options *options);

#endif
