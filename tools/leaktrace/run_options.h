/* The options of `leaktrace run`: those of the library, as --name=value, and what becomes of them. */
#ifndef LEAKTRACE_TOOLS_RUN_OPTIONS_H
#define LEAKTRACE_TOOLS_RUN_OPTIONS_H

#include "base/options.h"

#include <stdbool.h>

struct run_options {
    bool help;
    bool quiet;
    char *text; /* for LEAKTRACE_OPTIONS: what was there, and behind it what the command line says; malloc'ed */
    struct options options; /* what the library will make of it */
    char **program;         /* PROGRAM and its arguments */
};

/* Reads the command line (argv[0] is "run"). `inherited` is LEAKTRACE_OPTIONS as it is; it is the library that
   complains about that. False after a complaint. */
bool run_options_read(int argc, char **argv, const char *inherited, struct run_options *ret_options);
/* Prints one paragraph for each option, from the table that the library reads them by. */
void run_options_print_help(void);

#endif
