/*
 * Suppressions: which leaks are known and do not fail the gate.
 *
 * Files are LeakSanitizer's, one a line: `leak:PATTERN`, matched on the function, source file and module of each frame;
 * `#` begins a comment. Also `fd:`, `thread:` and `mmap:` for the other kinds, and behind the pattern ` max=N` (no more
 * than N in all) and ` until=YYYY-MM-DD` (the last day on which it holds). Blocks `{ ... }` of valgrind are read, too.
 */
#ifndef LEAKTRACE_GATE_SUPPRESSION_H
#define LEAKTRACE_GATE_SUPPRESSION_H

#include "base/arena.h"
#include "gate/leak.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text;

enum suppression_field { SUPPRESSION_FUNCTION, SUPPRESSION_MODULE, SUPPRESSION_SOURCE, SUPPRESSION_ANY };

/* One line of a valgrind block. */
struct suppression_line {
    enum suppression_field field; /* SUPPRESSION_ANY: "...", any number of frames */
    const char *pattern;
    int64_t line; /* of the source; 0: any */
};

struct suppression {
    const char *file; /* where it stands; NULL: the default list */
    unsigned line;
    const char *text;    /* as it is shown */
    const char *pattern; /* LeakSanitizer's; NULL: `lines` hold */
    struct suppression_line *lines;
    size_t n_lines;
    enum leak_kind kind;
    unsigned classes;  /* bit (1 << enum leak_class) */
    int64_t max;       /* -1: any number */
    const char *until; /* "YYYY-MM-DD"; NULL: for ever */
    int64_t matched;   /* how many resources, by suppression_apply() */
    struct suppression *next;
};

struct suppressions {
    struct arena arena;
    struct suppression *first, *last;
};

/* Reads a file, or (when `file` is NULL) the text of the default list. 0; or -errno with a line in `ret_why` that names the
   file and the line. */
int suppression_read_file(struct suppressions *suppressions, const char *file, struct text *ret_why);
int suppression_read_text(struct suppressions *suppressions, const char *file, const char *text, struct text *ret_why);
/* Adds the list that comes with leaktrace. */
void suppression_add_defaults(struct suppressions *suppressions);
bool suppression_matches(const struct suppression *suppression, const struct leak *leak);
/* Sets `suppressed_by` of all leaks. `today` is "YYYY-MM-DD". */
void suppression_apply(struct suppressions *suppressions, const struct leaks *leaks, const char *today);
/* Whether the day has come behind its last one. */
bool suppression_has_expired(const struct suppression *suppression, const char *today);
void suppression_release(struct suppressions *suppressions);

/* Writes suppressions that fit the leaks that fail. */
void suppression_write(FILE *out, const struct leaks *leaks);

#endif
