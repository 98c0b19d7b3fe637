/* One moment of a process, kept small: the files of a checkpoint as they are on disk, compressed. */
#ifndef LEAKTRACE_TOP_SHOT_H
#define LEAKTRACE_TOP_SHOT_H

#include <stddef.h>
#include <stdint.h>

struct sites;
struct source_set;
struct text;

struct shot_file {
    char *kind;
    uint8_t *bytes;
    size_t len;
};

struct shot {
    int64_t time_ns; /* CLOCK_MONOTONIC */
    struct shot_file *files;
    size_t n_files;
};

/* Reads all files of a set, but those of growth. 0, or -errno with a line in `ret_why`. */
int shot_read(const struct source_set *set, int64_t time_ns, struct shot *ret_shot, struct text *ret_why);
/* Adds what it holds to the sites, as the dump with that number. 0, or -errno with a line in `ret_why`. */
int shot_add(const struct shot *shot, struct sites *sites, size_t dump, struct text *ret_why);
void shot_release(struct shot *shot);

#endif
