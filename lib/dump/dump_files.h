/*
 * The files of one dump, or of the checkpoint: one for each kind and format, <dir>/<exe>.<pid>.<seq>.<kind>.pb.gz or .txt.
 *
 * All are written beside their names (a dot in front) and then renamed, in the order of the profiles. A dump is there as a whole
 * or not at all. The checkpoint replaces the one before: what a kill between two renames leaves is told by time_nanos, which is
 * the same in all files of one snapshot (lib/decisions/0009-the-checkpoint.md).
 */
#ifndef LEAKTRACE_DUMP_DUMP_FILES_H
#define LEAKTRACE_DUMP_DUMP_FILES_H

#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUMP_FILES_CHECKPOINT 0u /* in place of a number */
#define DUMP_FILES_PATH_MAX (OPTIONS_PATH_MAX + 512)

struct comments;
struct snapshot;

struct dump_files {
    const struct options *options;
    const struct snapshot *snapshot;
    const struct comments *comments;
    int64_t since_start_ns;
    int64_t since_mark_ns;
    uint32_t seq;
    bool is_rehearsal; /* all is done but the writing */
    uint64_t bytes;    /* out: the sum of their sizes */
    char failed[DUMP_FILES_PATH_MAX]; /* out: the file that could not be written */
};

/* 0, or -errno; then nothing is left of what was written, and a checkpoint that was there before stays. */
int dump_files_write(struct dump_files *files);
/* How many files have been encoded so far, in this process: it goes up as long as the writing gets on. In any thread. */
unsigned dump_files_progress(void);
/* Sets the time of the files to now: what they say holds still. 0, or -errno when one of them is not there. */
int dump_files_touch(const struct options *options, uint32_t seq);
/* Whether any file of that number is there, of any kind and format. */
bool dump_files_exist(uint32_t seq);
/* Removes the files of that number, also what was being written. */
void dump_files_remove(uint32_t seq);
/* Whether the first `*len` bytes of a file's name end as those of a dump's files do; `*len` is then what comes before that,
   <exe>.<pid>, perhaps with a dot in front. */
bool dump_files_cut_ending(const char *name, size_t *len);

#endif
