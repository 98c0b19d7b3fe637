/*
 * Dumps: a snapshot, encoded, in files.
 *
 * Called in leaktrace's own thread, or at the end of the process where there is none; one at a time. Nothing is held open in
 * between. Their files are those of dump/dump_files.
 */
#ifndef LEAKTRACE_DUMP_DUMP_H
#define LEAKTRACE_DUMP_DUMP_H

#include "snapshot/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct options;

struct dump_summary {
    uint32_t seq; /* of the last dump; 0: none yet */
    int64_t pause_ns; /* of the last snapshot: the longest that a hook may have waited for it */
    struct snapshot_totals totals[KIND_MAX]; /* when the last snapshot was taken */
};

/* Where, what and how. `options` must stay; its dir is absolute from now on. `exe` is the program's name for file names. */
void dump_init(const struct options *options, const char *dir, const char *exe);
/* Takes a snapshot and writes it; `reason` stands in the comments. The number of the dump, or -errno, after a line that says
   why. What `is_regular` is tried again before long; then a line that says the same again is left out. */
int dump_write(const char *reason, bool is_regular);
/* The same for the last one of the program, where leaks may be looked for that are not before. Before an exec they never are: what
   the program had is of no interest any more. */
int dump_write_last(const char *reason, bool is_exec);
/* Goes up as long as a dump gets on. In any thread. */
unsigned dump_progress(void);
/* Brings the files of the checkpoint up to date, which replace those before. 0 or -errno, as above. */
int dump_checkpoint(void);
/* Removes them, if this process has written them. */
void dump_remove_checkpoint(void);
/* Does all of a dump but the writing, so that one that is made when memory is short needs none. 0 or -errno. */
int dump_rehearse(void);
/* Takes the totals anew, without files. */
int dump_refresh_summary(void);
const struct dump_summary *dump_last_summary(void);

/* The growth mark was set now. */
void dump_mark_was_set(void);
const char *dump_folder(void);
const char *dump_exe(void);
int64_t dump_start_ns(void);
/* Processor time that snapshots and dumps have taken so far. By the thread that makes them. */
int64_t dump_own_cpu_ns(void);

/* In the child of fork: a dump may have been under way in the parent; the child counts its own, from 1. */
void dump_after_fork(void);

#endif
