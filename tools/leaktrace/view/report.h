/*
 * The report of one dump: what is known about the process, and a ranking for each kind of resource.
 *
 * report_build() reads the files, report_print() and report_write_json() show what it found. A report owns its profiles
 * and points into the set that it was made from.
 */
#ifndef LEAKTRACE_VIEW_REPORT_H
#define LEAKTRACE_VIEW_REPORT_H

#include "profile/profile.h"
#include "view/line.h"
#include "view/ranking.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_SCHEMA 2

struct focus;
struct json;
struct source_set;
struct symbolize_options;

struct report {
    const char *program;      /* or its command line; empty: unknown */
    int pid;                  /* 0: unknown */
    const char *seq;          /* empty: unknown */
    int64_t time_ns;          /* of the dump, since 1970; 0: unknown */
    int64_t duration_ns;      /* from the start of tracing to the dump; 0: unknown */
    int64_t mark_ns;          /* from the mark to the dump; 0: unknown */
    bool is_marked;           /* a mark was set; without one all that has come since the start counts as growth */
    int64_t dropped;          /* events */
    int64_t truncated;        /* stacks */
    int64_t unattributed_fds; /* that are there, but nobody knows whose */
    int64_t unattributed_threads;
    struct ranking *rankings;
    size_t n_rankings;
    struct profile *profiles;
    const char **kinds; /* of each profile; NULL after report_assemble() alone */
    size_t n_profiles;
};

/* What a report is to be about. */
struct report_scope {
    const char *kind;          /* NULL: all */
    const struct focus *focus; /* NULL: all sites */
    const struct symbolize_options *symbols;
};

/* Reads the files of a set, and finds the source lines of their locations. Returns how many files could not be read; each of
   them has been complained about. */
unsigned report_build(const struct source_set *set, const struct report_scope *scope, struct report *ret_report);
/* Makes the rankings of a report whose profiles are there; `kinds` names the kind of each of them and is kept in the
   rankings. What the report does not say about the process is taken from the profiles. */
void report_assemble(struct report *report, const char **kinds);
void report_release(struct report *report);

/* Text for people: at most `top` sites of each kind; `brief` leaves the longer chains out. */
void report_print(const struct report *report, const struct line_page *page, size_t top, bool brief);
/* One element of the array "reports" of the schema that report_json.c documents. */
void report_write_json(const struct report *report, struct json *json, size_t top);

#endif
