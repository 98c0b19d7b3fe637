/*
 * What changed between two dumps, by kind and site: signed, the worst growth first.
 *
 * diff_build() reads the files, diff_print() and diff_write_json() show what it found.
 */
#ifndef LEAKTRACE_VIEW_DIFF_H
#define LEAKTRACE_VIEW_DIFF_H

#include "series/moment.h"
#include "series/sites.h"
#include "view/line.h"

#include <stddef.h>

#define DIFF_SCHEMA 1

struct json;
struct source_set;
struct symbolize_options;

struct diff_change {
    struct sites_amount old;
    struct sites_amount new;
    struct sites_amount by; /* new - old */
};

struct diff_site {
    struct sites_site *site;
    struct diff_change change;
};

struct diff_kind {
    const struct sites_kind *kind;
    struct diff_change total;
    struct diff_site *sites; /* those where something has changed */
    size_t n_sites;
    size_t n_unchanged;
};

struct diff {
    struct moment old;
    struct moment new;
    struct diff_kind *kinds; /* those that both dumps have */
    size_t n_kinds;
    struct sites sites;
};

/* Reads both sets, all of them or only one kind (NULL: all). Returns how many files could not be read; each of them has
   been complained about. A diff stays where it was made. */
unsigned diff_build(const struct source_set *old, const struct source_set *new, const char *only_kind, struct diff *ret_diff);
/* Compares what is in `sites`: dump 0 is the old one, dump 1 the new one. */
void diff_assemble(struct diff *diff);
/* Finds source lines for at most `top` sites of each kind. */
void diff_symbolize(struct diff *diff, size_t top, const struct symbolize_options *options);
void diff_release(struct diff *diff);

/* Text for people: at most `top` sites of each kind. */
void diff_print(const struct diff *diff, const struct line_page *page, size_t top);
/* A whole document, of the schema that diff_json.c documents. */
void diff_write_json(const struct diff *diff, struct json *json, size_t top);

#endif
