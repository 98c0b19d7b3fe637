/*
 * Dumps: a snapshot, encoded, in files.
 *
 * One file for each kind and format, <dir>/<exe>.<pid>.<seq>.<kind>.pb.gz or .txt. All files of a dump are written beside their
 * names and then renamed, so that a dump is there as a whole or not at all. Nothing is held open in between. Called in
 * leaktrace's own thread, or at the end of the process where there is none; one at a time.
 */
#ifndef LEAKTRACE_DUMP_DUMP_H
#define LEAKTRACE_DUMP_DUMP_H

#include "snapshot/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct options;

struct dump_summary {
    uint32_t seq; /* of the last dump; 0: none yet */
    struct snapshot_totals totals[KIND_MAX]; /* when the last snapshot was taken */
};

/* Where, what and how. `options` must stay; its dir is absolute from now on. `exe` is the program's name for file names. */
void dump_init(const struct options *options, const char *dir, const char *exe);
/* Takes a snapshot and writes it; `reason` stands in the comments. The number of the dump, or -errno, after a line that says
   why. */
int dump_write(const char *reason);
/* Takes the totals anew, without files. */
int dump_refresh_summary(void);
const struct dump_summary *dump_last_summary(void);

/* The growth mark was set now. */
void dump_mark_was_set(void);
const char *dump_folder(void);
const char *dump_exe(void);
int64_t dump_start_ns(void);

/* In the child of fork: a dump may have been under way in the parent; the child counts its own, from 1. */
void dump_after_fork(void);

#endif
