/*
 * What the doctor has found: a list of findings, each one line, and the verdict that follows from them.
 *
 * The JSON form: {"schema": 1, "subject", "program", "pid" (null for a file), "verdict": "yes"|"partly"|"no", "summary",
 * "findings": [{"level": "stop"|"limit"|"note"|"ok", "topic", "text", "advice" (null where there is nothing to do)}]},
 * the worst first.
 */
#ifndef LEAKTRACE_DOCTOR_FINDING_H
#define LEAKTRACE_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum finding_level {
    FINDING_STOP,  /* it cannot be traced */
    FINDING_LIMIT, /* a part of it cannot, or not as usual */
    FINDING_NOTE,  /* good to know */
    FINDING_OK,    /* looked at, and as it should be */
    FINDING_LEVEL_MAX
};

struct finding {
    enum finding_level level;
    const char *topic;
    char *text;
    char *advice; /* NULL: nothing to do */
};

struct findings {
    struct finding *rows;
    size_t n;
    bool is_traced;  /* it is a process, and leaktrace is in it and at work */
    bool is_running; /* it is a process */
};

/* What the findings are about. */
struct finding_subject {
    const char *name;    /* as it was given */
    const char *program; /* path of the file that is executed in the end */
    int pid;             /* 0: none */
};

/* `topic` and `advice` are texts of the program's; `advice` may be NULL. */
void findings_add(struct findings *findings, enum finding_level level, const char *topic, const char *advice,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
bool findings_have(const struct findings *findings, enum finding_level level);
void findings_print(const struct findings *findings, const struct finding_subject *subject);
void findings_write_json(const struct findings *findings, const struct finding_subject *subject);
void findings_release(struct findings *findings);

#endif
