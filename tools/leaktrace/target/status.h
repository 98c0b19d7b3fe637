/*
 * The status file of a traced process: what the library last wrote about itself. See base/control.h for its name and
 * place.
 *
 * Lines are `key value`, the value being the rest of the line; keys that are not known here are passed over.
 */
#ifndef LEAKTRACE_TARGET_STATUS_H
#define LEAKTRACE_TARGET_STATUS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct status {
    char version[64];
    char exe[256];
    char dir[PATH_MAX];
    char signal[64];
    char answer[2048]; /* to the last requests, a line each: NONCE ok|error TEXT */
    char answer_text[256]; /* of the one that status_answer() has found */
    int64_t pid;
    int64_t start_ns; /* since 1970 */
    int64_t seq;      /* of the last dump */
    int64_t heap_objects;
    int64_t heap_bytes;
    int64_t heap_growth_bytes;
    int64_t fds;
    int64_t fds_growth;
    int64_t threads;
    int64_t threads_growth;
    int64_t own_bytes;
    int64_t own_cpu_ns;
    int64_t dropped;
    int64_t truncated; /* stacks */
    int64_t lock_waits;
    int64_t lock_timeouts;
    int64_t pause_ns; /* the longest that the program may have waited for the last snapshot */
    int64_t ended;      /* 1: the process has written its last dump */
    int64_t written_ns; /* when the file was written, since 1970 */
};

/* 0 or -errno. Keys that the file does not have are empty or 0. */
int status_read(const char *path, struct status *ret_status);
/* Whether the file holds the answer to the request of that nonce; then `ret_ok` and, in `status`, `ret_text` say which.
 */
bool status_answer(struct status *status, uint32_t nonce, bool *ret_ok, const char **ret_text);

#endif
