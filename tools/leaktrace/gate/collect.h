/*
 * From a folder of dumps to leaks.
 *
 * Of each process the last dump counts. What it leaves out is counted, so that no verdict rests on what was not looked at.
 */
#ifndef LEAKTRACE_GATE_COLLECT_H
#define LEAKTRACE_GATE_COLLECT_H

#include "gate/leak.h"
#include "gate/process.h"
#include "gate/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct text;

struct collected {
    struct gate_processes processes;
    struct leaks leaks;
    size_t n_unscanned;    /* processes whose heap nobody has looked through */
    const char *unscanned; /* one of them, and why if that is known; NULL: none */
    size_t n_unreadable;   /* dumps; each has been complained about */
    int64_t dropped;       /* events that the library could not record */
    size_t n_rounds;       /* of the growth gate; 0: none */
    bool main_is_judged;   /* the last dump of process `main_pid` is among them */
    bool main_is_scanned;  /* and its heap was looked through */
};

/* Which dumps count, and whose must be there. */
struct collect_scope {
    const char *folder;
    bool growth;                             /* also what has grown from dump to dump since the mark */
    int only_pid;                            /* 0: those of all processes */
    int main_pid;                            /* 0: no one in particular */
    struct timespec since;                   /* older dumps are somebody else's */
    const struct symbolize_options *symbols; /* NULL: no lines of code */
};

/* 0, or -errno with a line in `ret_why`. */
int collect_folder(struct collected *collected, const struct collect_scope *scope, const struct sample_rules *rules,
                   struct text *ret_why);
void collect_release(struct collected *collected);

#endif
