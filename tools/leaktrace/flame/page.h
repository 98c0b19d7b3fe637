/*
 * The page of `leaktrace flame`: one HTML file with everything in it, which a browser shows from a disk without a network.
 *
 * A page holds a part for each process (several when a folder has several), and in it a graph for each kind of resource.
 */
#ifndef LEAKTRACE_FLAME_PAGE_H
#define LEAKTRACE_FLAME_PAGE_H

#include "base/arena.h"
#include "flame/functions.h"
#include "flame/tree.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FLAME_SCHEMA 1

struct report;

/* One process at one moment. Strings are those of its report. */
struct flame_process {
    const char *program;
    int pid;            /* 0: unknown */
    const char *seq;    /* empty: unknown */
    const char *before; /* seq of the older dump; NULL: there is none, empty: unknown */
    int64_t time_ns;
    int64_t before_ns;
    struct flame_tree *trees;
    size_t n_trees;
};

struct flame_page {
    struct arena arena;
    struct flame_functions functions;
    struct flame_process *processes;
    size_t n_processes;
};

/* Adds what a report is about, compared with an older one if that is not NULL. Both must stay as long as the page. */
void flame_page_add(struct flame_page *page, const struct report *report, const struct report *before);
void flame_page_write(const struct flame_page *page, FILE *out);
void flame_page_release(struct flame_page *page);

/* "exporter (4711), dump 0003", malloc'ed. */
char *flame_page_name(const struct flame_process *process);

#endif
