/*
 * A snapshot: the store at one moment, as plain rows that know nothing of tables and locks.
 *
 * Taken and read in leaktrace's own thread. While it is taken no hook waits longer than the time in which one shard of the
 * heap table is read. Everything in it lives in its arena.
 */
#ifndef LEAKTRACE_SNAPSHOT_SNAPSHOT_H
#define LEAKTRACE_SNAPSHOT_SNAPSHOT_H

#include "base/arena.h"
#include "snapshot/profile_type.h"
#include "snapshot/site_sums.h"
#include "store/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_LABELS_MAX 5
#define SNAPSHOT_VALUES_MAX 6 /* those of a profile, and of its growth */

struct site;

struct snapshot_label {
    const char *key;
    const char *value; /* NULL: the name of the function at `code` */
    uintptr_t code;
};

/* One for each site, or for each group of members of one. A profile and its growth share their rows. */
struct snapshot_row {
    const struct site *site;
    const struct snapshot_label *labels;
    unsigned n_labels;
    struct snapshot_row *next;
    int64_t values[SNAPSHOT_VALUES_MAX];
};

struct snapshot_rows {
    struct snapshot_row *first; /* NULL: nothing to show */
    struct snapshot_row **end;
};

struct snapshot_totals {
    uint64_t objects;
    uint64_t bytes;
    uint64_t growth_objects;
    uint64_t growth_bytes;
};

/* How it was found out what can still be reached. */
struct snapshot_leaks {
    bool is_known;
    int failure; /* else: -errno; -ENOMEM: it takes more memory than leaktrace may use */
    struct snapshot_rows rows; /* label `leak`: one of reach_class_names */
    int64_t bytes;             /* looked at */
    int64_t own_bytes;         /* of leaktrace's memory meanwhile */
    int64_t ns;                /* for which the program stood still */
    int64_t threads;           /* that stood still */
    int64_t threads_missed;    /* that went on */
};

struct snapshot {
    struct arena arena;
    struct site_sums sites;
    int64_t time_ns;     /* CLOCK_REALTIME when it was taken */
    int64_t monotonic_ns;
    int64_t pause_ns;    /* the longest that a hook may have waited for it */
    int64_t acquired_meanwhile; /* acquisitions between its first look and its last: by so many its figures may differ from one moment's */
    int64_t unattributed_fds;     /* open, but opened before the start or by calls that cannot be seen; -1: not known */
    int64_t unattributed_threads;
    struct snapshot_rows rows[KIND_MAX];
    struct snapshot_totals totals[KIND_MAX];
    struct snapshot_leaks leaks;
};

/* Whether the row is one of the profile's: a growth profile has only those that have grown. */
bool snapshot_row_is_of(const struct snapshot_row *row, const struct profile_type *type);

/* The rows of a profile; NULL: none. */
const struct snapshot_row *snapshot_rows_of(const struct snapshot *snapshot, const struct profile_type *type);

/* Takes the kinds of `kinds` (bits 1 << enum kind), and finds out which heap blocks can still be reached if `leaks` says so; where that
   cannot be had, the rest is there all the same. 0 or -errno; to be released in any case. */
int snapshot_take(uint32_t kinds, bool leaks, struct snapshot *ret_snapshot);
void snapshot_release(struct snapshot *snapshot);

#endif
