/*
 * Leaks: what the gate has found, merged by site and class over all processes. Nothing is printed here.
 *
 * They are added under the numbers of gate/pool, and become leaks with stacks that people can read when all are there. All
 * strings and lists live as long as their `struct leaks`.
 */
#ifndef LEAKTRACE_GATE_LEAK_H
#define LEAKTRACE_GATE_LEAK_H

#include "base/arena.h"
#include "gate/fingerprint.h"
#include "gate/pool.h"
#include "view/places.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate_process;
struct leak_entry;
struct symbolize_options;

enum leak_kind { LEAK_HEAP, LEAK_FD, LEAK_THREAD, LEAK_MMAP, LEAK_KIND_MAX };

enum leak_class {
    LEAK_DEFINITE,  /* heap: nothing points to it */
    LEAK_INDIRECT,  /* heap: only definite ones point to it */
    LEAK_POSSIBLE,  /* heap: something may point to it */
    LEAK_REACHABLE, /* heap: still pointed to */
    LEAK_OPEN,      /* fd */
    LEAK_UNJOINED,  /* thread: has ended, and nobody has joined it */
    LEAK_RUNNING,   /* thread */
    LEAK_GROWTH,    /* of any kind: grew from round to round */
    LEAK_CLASS_MAX
};

enum leak_baseline { LEAK_NEW, LEAK_KNOWN, LEAK_MORE, LEAK_BASELINE_MAX };

/* As they are written in all formats. */
extern const char *const leak_kind_names[LEAK_KIND_MAX];
extern const char *const leak_class_names[LEAK_CLASS_MAX];
extern const char *const leak_baseline_names[LEAK_BASELINE_MAX];

struct leak_amount {
    int64_t count;
    int64_t bytes;
};

struct leak {
    enum leak_kind kind;
    enum leak_class class;
    struct leak_amount amount;          /* growth: after the last round */
    struct leak_amount *rounds;         /* growth: after each round; else NULL */
    const char *detail;                 /* fd: its type; else empty */
    const struct places_frame **frames; /* leaf first */
    size_t n_frames;
    size_t headline; /* the first frame of the user's own code */
    struct fingerprint fingerprint;
    const struct gate_process **processes; /* in the order in which they were read */
    size_t n_processes;
    const char *suppressed_by; /* NULL: not suppressed */
    enum leak_baseline baseline;
    bool fails; /* the gate */
};

struct leaks {
    struct arena arena;
    struct pool pool;
    struct leak_entry *raw;    /* under the numbers of the pool */
    struct leak_entry *merged; /* under places that look different */
    size_t n_rounds;           /* of a growth gate; else 0 */
    struct leak **sorted;      /* by leaks_finish(): worst first */
    size_t n;
};

/* Adds what was found in `process` under a stack, leaf first, of numbers of the pool. `round` counts from 0, and only for
   growth. Amounts of nothing are left out. `like` says all but the stack and is copied. */
void leaks_add(struct leaks *leaks, const struct leak *like, const uint32_t *stack, size_t depth,
               const struct gate_process *process, size_t round);
/* Fills `sorted`, with lines of code unless `symbols` is NULL; leaks that nobody could tell apart are one. The order does not
   depend on that in which they came. */
void leaks_finish(struct leaks *leaks, const struct symbolize_options *symbols);
void leaks_release(struct leaks *leaks);

/* The frame that a leak is called by; NULL when it has no stack. */
const struct places_frame *leak_headline(const struct leak *leak);
/* The kind that fingerprints and baselines know: growth is another thing than a leak. A constant. */
const char *leak_baseline_kind(const struct leak *leak);
/* "3 heap blocks (96 B) definitely lost" and the like; malloc'ed. */
char *leak_describe(const struct leak *leak);
/* "FUNCTION (FILE:LINE)", or what is known of that; malloc'ed. */
char *leak_place(const struct leak *leak);

#endif
