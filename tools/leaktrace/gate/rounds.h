/*
 * Driving a program through rounds: warm it up, set the growth mark, do the same work again and again, and make a dump after
 * each time.
 */
#ifndef LEAKTRACE_GATE_ROUNDS_H
#define LEAKTRACE_GATE_ROUNDS_H

#include <stdbool.h>

struct launch;

struct rounds_plan {
    int warmup_ms;       /* from the start of the program to the mark */
    int mark_signal;     /* or the mark is set when this signal comes; 0: none */
    unsigned n;          /* rounds; 0: none are driven, and the program goes on to its own end */
    const char *trigger; /* a command for the shell that does a round's work; NULL: time passes */
    int grace_ms;        /* from the end of that work to the dump: what is younger need not be given back */
};

/* Drives the running program, and then ends it by SIGTERM, or SIGKILL 10 s later; that end is then no failure of its own. Marks
   and dumps are those of all traced processes that dump in `folder`. False after a complaint when it could not be driven to the
   end. Afterwards the program has ended. */
bool rounds_drive(struct launch *launch, const struct rounds_plan *plan, const char *folder);

#endif
