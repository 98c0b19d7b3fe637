/*
 * The library's own lines, always `leaktrace[PID]: ...`, each one write to standard error, a file, or nowhere.
 *
 * Standard error is written to only while it is what it was at the start: a program that has closed it may have opened a file of
 * its own under the same number. Only dump/ and life/ log; the other layers return failures. Formats are those of text_format. Safe in any thread.
 */
#ifndef LEAKTRACE_BASE_LOG_H
#define LEAKTRACE_BASE_LOG_H

#include <stdbool.h>

/* "stderr" (the default), "none", or a path that is appended to. The string must stay valid. */
void log_set_target(const char *target);
/* Remembers what standard error is. */
void log_remember_stderr(void);
/* Whether standard error is still that. */
bool log_has_stderr(void);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
