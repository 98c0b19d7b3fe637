/* The names in a folder, one after the other. Needs no memory but its own. */
#ifndef LEAKTRACE_BASE_ENTRIES_H
#define LEAKTRACE_BASE_ENTRIES_H

#include <sys/types.h>

struct entries {
    int fd;
    int result; /* 0, or -errno: why there are no more */
    ssize_t len, at;
    char buf[4096] __attribute__((aligned(8)));
};

/* 0 or -errno; then there is nothing to close. */
int entries_open(struct entries *entries, const char *path);
/* The next name but for "." and "..", good until the next call; NULL when there are no more. */
const char *entries_next(struct entries *entries);
void entries_close(struct entries *entries);

#endif
