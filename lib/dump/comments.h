/* The comments of a dump: whose it is, with which options it was made, and what its figures leave out. */
#ifndef LEAKTRACE_DUMP_COMMENTS_H
#define LEAKTRACE_DUMP_COMMENTS_H

#include "snapshot/snapshot.h"

#include <sys/types.h>

#define COMMENTS_MAX 72

struct options;

struct comments {
    struct arena *arena;
    const char *lines[COMMENTS_MAX];
    size_t count;
    bool has_all_names;
};

/* 0 or -ENOMEM. */
int comments_write(struct comments *comments, const struct options *options, const struct snapshot *snapshot, const char *reason,
                   int64_t own_cpu_ns);
/* Sites whose stacks do not show where they begin. */
int64_t comments_truncated_stacks(void);

/* Whose child the process is, and which test of a test suite it belongs to: `framework` and what that calls it, or NULL. For the gate,
   which tells leaks by test. The strings are copied. */
void comments_set_test(pid_t parent, const char *framework, const char *name);

/* In the child of fork: its dumps say whose, and what it has inherited. */
void comments_after_fork(pid_t parent);

#endif
