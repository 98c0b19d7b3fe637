/* The result of a gate, as all formats show it. */
#ifndef LEAKTRACE_GATE_VERDICT_H
#define LEAKTRACE_GATE_VERDICT_H

#include "gate/leak.h"

#include <stdbool.h>
#include <stddef.h>

struct verdict {
    const char *program; /* command line */
    const struct leaks *leaks;
    size_t n_failing;
    size_t n_known; /* in the baseline */
    size_t n_suppressed;
    size_t n_processes;
    const char *const *notes; /* lines for people: what was not looked at, unused suppressions, ... */
    size_t n_notes;
    int program_status;
    bool has_baseline;
    bool is_incomplete; /* what must be looked at was not: no leaks are no verdict */
    bool colour;        /* for text on standard output */
};

/* "leaks", "incomplete" or "clean". */
const char *verdict_word(const struct verdict *verdict);
/* "2 leaks in 3 processes, 1 in the baseline, 5 suppressed"; malloc'ed. */
char *verdict_summary(const struct verdict *verdict);
/* The tests that a leak was met in, each once, sorted; malloc'ed list, strings are not. Returns how many. */
size_t verdict_tests(const struct leak *leak, const char ***ret_tests);

#endif
