/*
 * Signals that a write can raise in the thread that writes, and that would end the program: SIGPIPE, where the reader has gone,
 * and SIGXFSZ, where a file would grow past RLIMIT_FSIZE. They are held while leaktrace writes in a thread of the program.
 */
#ifndef LEAKTRACE_BASE_WRITE_SIGNALS_H
#define LEAKTRACE_BASE_WRITE_SIGNALS_H

#include <stdint.h>

struct write_signals {
    uint64_t mask;    /* of the thread before */
    uint64_t pending; /* before: the program's */
};

void write_signals_hold(struct write_signals *ret_held);
/* `result` is what the writing came to: with -EPIPE and -EFBIG goes the signal that it has raised. */
void write_signals_release(const struct write_signals *held, int result);

#endif
