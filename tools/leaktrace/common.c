/* What all parts of the command share. Owns nothing; called from everywhere. */
#include "common.h"

#include "base/arena.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain_list(const char *format, va_list args)
{
    char line[4096];

    vsnprintf(line, sizeof(line), format, args);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    fflush(stdout);
    fprintf(stderr, "leaktrace: %s\n", line);
}

void complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_list(format, args);
    va_end(args);
}

int complain_usage(const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_list(format, args);
    va_end(args);
    fprintf(stderr, "Try 'leaktrace %s%s--help'.\n", command, *command == '\0' ? "" : " ");
    return EXIT_USAGE;
}

void must_end(void)
{
    complain("out of memory");
    exit(EXIT_LEAKTRACE);
}

void *must_grow(void *ptr, size_t count, size_t size)
{
    void *grown = reallocarray(ptr, count == 0 ? 1 : count, size);

    if (grown == NULL)
        must_end();
    return grown;
}

char *must_vformat(const char *format, va_list args)
{
    char *string;

    if (vasprintf(&string, format, args) < 0)
        must_end();
    return string;
}

char *must_format(const char *format, ...)
{
    va_list args;
    char *string;

    va_start(args, format);
    string = must_vformat(format, args);
    va_end(args);
    return string;
}

void *must_take(struct arena *arena, size_t size)
{
    void *ptr = arena_alloc(arena, size == 0 ? 1 : size);

    if (ptr == NULL)
        must_end();
    return ptr;
}

char *must_copy(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(must_take(arena, size), text, size);
}

bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool parse_decimal(const char *text, long min, long max, long *ret_number)
{
    char *end;
    long number;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

bool parse_pid(const char *text, int *ret_pid)
{
    long pid;

    if (!parse_decimal(text, 1, INT_MAX, &pid))
        return false;
    *ret_pid = (int)pid;
    return true;
}

int read_format(const char *command, const char *text, bool *ret_as_json)
{
    *ret_as_json = strcmp(text, "json") == 0;
    return *ret_as_json || strcmp(text, "text") == 0 ? -1
                                                     : complain_usage(command, "--format takes text or json, not '%s'", text);
}
