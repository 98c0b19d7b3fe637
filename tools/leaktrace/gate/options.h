/* The options of `leaktrace gate`. */
#ifndef LEAKTRACE_GATE_OPTIONS_H
#define LEAKTRACE_GATE_OPTIONS_H

#include "gate/collect.h"
#include "gate/output.h"
#include "gate/rounds.h"
#include "view_options.h"

#include <stdbool.h>
#include <stddef.h>

enum gate_fail_on { GATE_FAIL_ON_NEW, GATE_FAIL_ON_GROWTH, GATE_FAIL_ON_ANY };

struct gate_options {
    struct sample_rules rules;
    struct output *outputs; /* at least one */
    size_t n_outputs;
    const char **suppressions; /* files */
    size_t n_suppressions;
    bool no_default_suppressions;
    const char *gen_suppressions; /* a file, "-" for standard output; NULL: none */
    const char *baseline;         /* NULL: none */
    bool update_baseline;
    enum gate_fail_on fail_on;
    bool fail_on_is_set;
    int exit_code;
    const char *dir; /* NULL: one that is made, and removed at the end */
    char *library;   /* options of the library, as for LEAKTRACE_OPTIONS; malloc'ed */
    bool quiet;
    bool growth; /* fails on what grows from dump to dump */
    struct rounds_plan rounds;
    const char *verdict; /* a folder of dumps, instead of a program; NULL: none */
    int pid;             /* only the dumps of that process in it; 0: all */
    struct view_symbols symbols;
    char **program; /* PROGRAM and its arguments */
};

/* Reads the command line (argv[0] is "gate"). A negative result means that all is well; else it is the exit status. */
int gate_options_read(int argc, char **argv, struct gate_options *ret_options);
void gate_options_release(struct gate_options *options);

#endif
