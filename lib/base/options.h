/*
 * The options: one table (options.def), read from a `key=value` string as the sanitizers' are.
 *
 * Pairs are separated by ':', ',' or white space; a value may be quoted with ' or ". A ',' that is followed by something
 * without '=' belongs to the value (profiles=heap,fd). Shared by the library and the command. No allocation; the strings
 * live in the struct.
 */
#ifndef LEAKTRACE_BASE_OPTIONS_H
#define LEAKTRACE_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_VARIABLE "LEAKTRACE_OPTIONS"
#define OPTIONS_PATH_MAX 1024

enum option_id {
#define OPTION(name, def, range, ready, help) OPTION_##name,
#include "base/options.def"
#undef OPTION
    OPTION_MAX
};

enum option_format {
    OPTION_FORMAT_PPROF = 1,
    OPTION_FORMAT_TEXT = 2,
};

enum option_follow {
    OPTION_FOLLOW_FORK = 1,
    OPTION_FOLLOW_EXEC = 2,
};

enum option_leaks {
    OPTION_LEAKS_NO,
    OPTION_LEAKS_EXIT,
    OPTION_LEAKS_DUMP,
};

struct option_row {
    const char *name;
    const char *def;
    const char *range;
    bool ready;
    const char *help;
};

extern const struct option_row option_rows[OPTION_MAX];

/* A figure that is not to be passed: a number, or a percentage of the process's limit. Both 0: off. */
struct option_threshold {
    uint64_t value;
    uint32_t percent;
};

struct options {
    char dir[OPTIONS_PATH_MAX]; /* empty: the default folder */
    char log[OPTIONS_PATH_MAX];
    char gate[OPTIONS_PATH_MAX]; /* "no", "yes", or options of the command */
    char exe[OPTIONS_PATH_MAX]; /* globs, separated by ',' */
    int signal;                 /* a number, 0 = none */
    uint32_t interval_s;
    uint32_t checkpoint_ms;
    uint32_t warmup_s;
    uint32_t keep;
    uint32_t depth;
    uint32_t check;
    uint32_t profiles; /* bit (1 << enum kind) */
    uint32_t formats;  /* OPTION_FORMAT_* */
    uint32_t follow;   /* OPTION_FOLLOW_*; 0: no children */
    uint64_t sample_bytes;   /* 0 or 1: every block */
    uint64_t max_disk;
    struct option_threshold at_rss;
    struct option_threshold at_fds;
    struct option_threshold at_threads;
    uint64_t memory_bytes;   /* 0: memory_percent holds */
    uint32_t memory_percent;
    enum option_leaks leaks;
    bool at_exit;
    bool symbols;
    char as_given[OPTIONS_PATH_MAX]; /* the whole text, maybe cut */
};

/* Receives one line for each key or value that cannot be taken; the line names the nearest known key where there is one. */
typedef void options_complain(const char *line, void *context);

void options_set_defaults(struct options *ret_options);
/* Reads all pairs of `text` into `options`; what cannot be taken is complained about and left as it was. Returns how many
   complaints there were. */
unsigned options_parse(struct options *options, const char *text, options_complain *complain, void *context);

#endif
