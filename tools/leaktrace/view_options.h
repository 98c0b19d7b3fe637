/* The options that report, diff and trend have in common. */
#ifndef LEAKTRACE_TOOLS_VIEW_OPTIONS_H
#define LEAKTRACE_TOOLS_VIEW_OPTIONS_H

#include "symbolize/symbolize.h"

#include <stdbool.h>
#include <stddef.h>

#define VIEW_SYMBOLS_FOLDERS_MAX 32

/* The folders of --symbols, in the order in which they were given. */
struct view_symbols {
    const char *folders[VIEW_SYMBOLS_FOLDERS_MAX];
    size_t n;
};

struct view_options {
    size_t top;       /* sites of each kind */
    const char *kind; /* NULL: all */
    bool as_json;
    const char *focus; /* NULL: none; the same for the next */
    const char *ignore;
    struct view_symbols symbols;
};

/* Reads --top, --kind, --focus, --ignore, --symbols, --format and --help, which prints `help`; what is left begins at optind.
   An option that the help does not name is unknown to the command. A negative result means that all is well; else it is the
   exit status. */
int view_options_read(int argc, char **argv, const char *help, struct view_options *ret_options);
/* Takes the value of --symbols; results as above. */
int view_symbols_add(struct view_symbols *symbols, const char *command, const char *folder);
/* How lines of code are found for a view. The folders stay those of `symbols`. */
struct symbolize_options view_symbols_options(const struct view_symbols *symbols);

#endif
