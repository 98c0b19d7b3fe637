/*
 * Traced processes: finding them, and asking them for something (base/control.h says how).
 *
 * A request goes to leaktrace's own thread only, and only when the thread's mask shows that it waits for the signal:
 * nothing else in the program ever sees it.
 */
#ifndef LEAKTRACE_TARGET_TARGET_H
#define LEAKTRACE_TARGET_TARGET_H

#include "base/control.h"
#include "target/status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

#define TARGET_PATIENCE_MS 10000

enum target_outcome {
    TARGET_SILENT,   /* no answer in time */
    TARGET_UNHEARD,  /* it has no thread of leaktrace's that could be asked */
    TARGET_REFUSED,  /* the kernel did not let us, or it ended; errno in `error` */
    TARGET_ANSWERED, /* `ok` and `text` say what */
};

struct target {
    int pid;
    char status_path[PATH_MAX];
    struct status status; /* as last read */
    uint32_t nonce;
    enum target_outcome outcome;
    int error;
    bool ok;
    const char *text; /* in `status` */
};

/* 0 when the process is traced; or -ESRCH, -EPERM, -ENOENT (not traced) or another -errno, with a line in `ret_why`. */
int target_find(int pid, struct target *ret_target, struct text *ret_why);
/* All traced processes that we may look into, by pid; malloc'ed. Returns how many. */
size_t target_list(struct target **ret_targets);

/* Asks all of them at once, and waits for all answers, at most that long. Fills the outcome and refreshes the status.
 */
void target_ask_all(struct target *targets, size_t n, enum control_request request, int patience_ms);
/* The same of one, without telling a person who waits that it takes long. */
void target_ask_quietly(struct target *target, enum control_request request, int patience_ms);
/* Asks one. 0 when it was done; else -EIO with a line in `ret_why`. */
int target_ask(struct target *target, enum control_request request, struct text *ret_why);

#endif
