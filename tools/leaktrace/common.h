/*
 * What all parts of the command share: exit statuses, the one way to complain, and memory that cannot run out.
 *
 * The command is an ordinary program: it uses malloc and stdio, and a failed allocation ends it with EXIT_LEAKTRACE.
 */
#ifndef LEAKTRACE_TOOLS_COMMON_H
#define LEAKTRACE_TOOLS_COMMON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
    EXIT_FINE = 0,
    EXIT_USAGE = 2,
    EXIT_LEAKTRACE = 3,
    EXIT_LEAKS = 23,
    EXIT_CANNOT_RUN = 126,
    EXIT_NOT_FOUND = 127,
};

/* One line `leaktrace: ...` on standard error; control characters in it become '?', so that it stays one line. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As complain(), with a second line that points to `leaktrace COMMAND --help`; returns EXIT_USAGE. */
int complain_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says that there is no memory, and ends the program. */
_Noreturn void must_end(void);
/* reallocarray and asprintf that return or end the program. */
void *must_grow(void *ptr, size_t count, size_t size);
char *must_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *must_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Zeroed memory of an arena, and a copy of a text in it. */
void *must_take(struct arena *arena, size_t size);
char *must_copy(struct arena *arena, const char *text);

bool begins_with(const char *text, const char *prefix);
/* A decimal number from `min` to `max` and nothing else; false otherwise. */
bool parse_decimal(const char *text, long min, long max, long *ret_number);
/* A number of process: 1 to 2^31 - 1. */
bool parse_pid(const char *text, int *ret_pid);
/* What stands behind --format: text or json. A negative result means that it does; else it is the exit status. */
int read_format(const char *command, const char *text, bool *ret_as_json);

#endif
