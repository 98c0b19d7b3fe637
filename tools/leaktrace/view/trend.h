/*
 * How each site of a program went over a series of dumps, worst first.
 *
 * trend_build() judges the sites of one chain of processes, trend_print() and trend_write_json() show what it found. A
 * trend points into the series that it was made from.
 */
#ifndef LEAKTRACE_VIEW_TREND_H
#define LEAKTRACE_VIEW_TREND_H

#include "base/arena.h"
#include "series/series.h"
#include "series/verdict.h"
#include "view/line.h"

#include <stddef.h>
#include <stdint.h>

#define TREND_SCHEMA 1

struct json;
struct symbolize_options;

struct trend_site {
    const struct sites_points *points;
    struct sites_site *site; /* NULL: the whole kind */
    struct verdict verdict;
    int64_t first; /* figures of the first and the last dump */
    int64_t last;
};

struct trend_kind {
    const struct sites_kind *kind;
    struct trend_site total;
    struct trend_site *sites; /* with anything live in any dump */
    size_t n_sites;
    size_t counts[VERDICT_MAX]; /* of the sites, by verdict */
    int64_t used;               /* of what the process may have: resident memory, descriptors, threads */
    int64_t limit;              /* 0: unknown */
};

struct trend {
    struct series *series;
    const struct series_chain *chain;
    const struct moment *first;
    const struct moment *last;
    int64_t dropped;          /* events, the most of any dump */
    struct trend_kind *kinds; /* those that at least one of the dumps has */
    size_t n_kinds;
    struct arena arena;
};

/* Judges all kinds, or only one (NULL: all). Never fails. */
void trend_build(struct series *series, size_t chain, const char *only_kind, struct trend *ret_trend);
/* Finds source lines for at most `top` sites of each kind. */
void trend_symbolize(struct trend *trend, size_t top, const struct symbolize_options *options);
void trend_release(struct trend *trend);

/* Hours until the process is at its limit if only this goes on; NAN when nothing grows or no limit is known. */
double trend_hours_left(const struct trend_kind *kind, const struct trend_site *site);
/* Fills `ret_picture` (of SPARKLINE_MAX + 1 bytes) with a sparkline of the site's figures. */
void trend_draw(const struct trend *trend, const struct trend_kind *kind, const struct trend_site *site, size_t width,
                char *ret_picture);

/* Text for people: at most `top` sites of each kind. */
void trend_print(const struct trend *trend, const struct line_page *page, size_t top);
/* One element of the array "trends" of the schema that trend_json.c documents. */
void trend_write_json(const struct trend *trend, struct json *json, size_t top);

#endif
