/* Notes. Owns nothing; called by the gate. */
#include "gate/notes.h"

#include "common.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_LINES_MAX 10

void notes_add(struct notes *notes, const char *format, ...)
{
    va_list args;

    notes->lines = must_grow(notes->lines, notes->n + 1, sizeof(*notes->lines));
    va_start(args, format);
    notes->lines[notes->n++] = must_vformat(format, args);
    va_end(args);
}

/* What stands behind "leaktrace[PID]: ", or behind "process PID: " in a note of ours. */
static const char *message_of(const char *line)
{
    const char *message = strstr(line, ": ");

    return message == NULL ? line : message + 2;
}

static bool is_there(const struct notes *notes, size_t from, const char *message)
{
    for (size_t i = from; i < notes->n; i++)
        if (strcmp(message_of(notes->lines[i]), message) == 0)
            return true;
    return false;
}

bool notes_add_log(struct notes *notes, const char *log)
{
    FILE *in = fopen(log, "re");
    size_t size = 0, first = notes->n;
    char *line = NULL;
    bool given_up = false;

    while (in != NULL && getline(&line, &size, in) > 0) {
        const char *message = message_of(line);

        line[strcspn(line, "\n")] = '\0';
        /* That there is a dump is no news here. */
        given_up |= strstr(message, "ends without its last dump") != NULL;
        if (notes->n < first + LOG_LINES_MAX && !begins_with(message, "dump ") && !is_there(notes, first, message))
            notes_add(notes, "process %d: %s", atoi(line + strcspn(line, "0123456789")), message);
    }
    free(line);
    if (in != NULL)
        fclose(in);
    return given_up;
}

void notes_release(struct notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        free(notes->lines[i]);
    free(notes->lines);
}
