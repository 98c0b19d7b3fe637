/*
 * The processes that the gate has dumps of, and the tests that they belong to.
 *
 * A test's name comes from what the library noted of the environment (pytest, Bats), or, under CTest, from its list
 * of tests, by the command line of the process that ctest has started; a process without a name of its own has its parent's.
 */
#ifndef LEAKTRACE_GATE_PROCESS_H
#define LEAKTRACE_GATE_PROCESS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct profile;

struct gate_process {
    int pid;
    size_t number;       /* in the order in which they were read, from 1 on */
    int parent;          /* 0: unknown */
    const char *exe;     /* as in the names of its dumps */
    const char *command; /* line; empty: unknown */
    const char *folder;  /* that it was in at its end; empty: unknown */
    const char *test;    /* by process_name_tests(); empty: none */
    bool inherits;       /* its growth mark is its fork: what is from before is its parent's */
    bool ended;          /* false: the dump is one before the end, because the process was killed */
    struct gate_process *next;
};

struct gate_processes {
    struct arena arena;
    struct gate_process *first, *last;
    size_t n;
};

/* Adds what the comments of one of its profiles tell. */
struct gate_process *process_add(struct gate_processes *processes, const char *exe, int pid, const struct profile *profile);
/* Fills the names of tests, when all processes are there. */
void process_name_tests(struct gate_processes *processes);
void process_release(struct gate_processes *processes);

#endif
