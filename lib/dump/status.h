/* The status file, which answers the command: see base/control.h for its place and lines. */
#ifndef LEAKTRACE_DUMP_STATUS_H
#define LEAKTRACE_DUMP_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#define STATUS_ANSWERS 16

struct status_answer {
    uint32_t nonce; /* of the request; 0: none */
    int result;     /* >= 0, or -errno */
};

struct status {
    const char *signal; /* the dump signal's name, "none", "taken by the program", "blocked by the program" */
    /* To the last requests, in a ring: several commands may ask at a time, and each may ask again. */
    struct status_answer answers[STATUS_ANSWERS];
    unsigned next_answer;
    bool ended;
    void *mapping; /* that tells the file's name; NULL: none yet */
};

/* Replaces the file. Failures are not told: the command sees that it gets no answer. */
void status_write(struct status *status);
/* Removes it, at the end of the process. */
void status_remove(void);

/* Whether the request with this number has its answer; and gives it one, in the place of the oldest. */
bool status_is_answered(const struct status *status, uint32_t nonce);
void status_answer(struct status *status, uint32_t nonce, int result);

#endif
