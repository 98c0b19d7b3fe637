/*
 * What a SOURCE of the command line stands for: sets of dump files, each written at one moment by one process.
 *
 * Dumps are named <exe>.<pid>.<seq>.<kind>.pb.gz; seq is four digits or more, or "last" for the checkpoint. All strings
 * are owned by the source.
 */
#ifndef LEAKTRACE_PROFILE_SOURCE_H
#define LEAKTRACE_PROFILE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct text;

#define SOURCE_SUFFIX ".pb.gz"
#define SOURCE_GROWTH "_growth"
#define SOURCE_LAST "last"

struct source_name {
    char exe[256];
    int pid;
    char seq[24];
    char kind[64];
};

struct source_file {
    char *path;
    char *kind; /* empty when the name does not tell */
};

struct source_set {
    char *exe; /* empty when the name does not tell, and then pid is 0 and seq empty */
    int pid;
    char *seq;
    struct timespec written;   /* the newest of its files */
    struct source_file *files; /* ordered by kind */
    size_t n_files;
};

struct source {
    struct source_set *sets;
    size_t n_sets;
};

/* Whether a file name (without folders) is that of a dump. */
bool source_parse_name(const char *name, struct source_name *ret_name);

/* What source_add_folder() takes: everything that is set must fit. */
struct source_filter {
    int pid;               /* 0: any */
    const char *exe;       /* NULL: any */
    const char *seq;       /* NULL: the newest complete set of each process */
    bool every;            /* every set, by process from old to new */
    struct timespec since; /* only sets written then or later */
};

/* Adds dumps of a folder to `source`. A set is complete when it has every kind that the one before it has: a process
   may be writing its newest set right now. 0 (also when nothing fits), or -errno with a line in `ret_why`. */
int source_add_folder(struct source *source, const char *folder, const struct source_filter *filter,
                      struct text *ret_why);
/* Adds one file as it is; files of one moment of one process come into one set. A dump brings its growth since the mark
   along when that lies beside it. 0, or -errno with a line in `ret_why`. */
int source_add_file(struct source *source, const char *path, struct text *ret_why);
/* The file of that kind in a set; NULL when it has none. */
const struct source_file *source_find_kind(const struct source_set *set, const char *kind);
/* The set that was written last; there must be one. */
const struct source_set *source_newest(const struct source *source);
void source_release(struct source *source);

#endif
