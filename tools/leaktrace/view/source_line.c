/* Lines of source. Owns nothing; called by what shows sites. */
#include "view/source_line.h"

#include "view/places.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_older(const struct stat *file, int64_t seconds)
{
    return file->st_mtim.tv_sec <= seconds;
}

/* Whether the file is as it was when the module was built, as far as times tell. */
static bool is_as_compiled(const struct stat *file, const struct places_frame *frame, int64_t time_ns)
{
    struct stat module;

    if (time_ns > 0 && !is_older(file, time_ns / 1000000000))
        return false;
    return stat(frame->module, &module) != 0 || is_older(file, module.st_mtim.tv_sec);
}

/* Reads the line with that number, whole, into `line` (as getline has it). */
static bool read_line(FILE *in, int64_t number, char **line, size_t *size)
{
    int64_t at = 0;

    while (at < number && getline(line, size, in) >= 0)
        at++;
    return at == number;
}

/* Copies a line without the space around it; false when nothing is left. */
static bool trim(const char *line, char ret_line[SOURCE_LINE_MAX])
{
    size_t len;

    while (isspace((unsigned char)*line))
        line++;
    len = strlen(line);
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    snprintf(ret_line, SOURCE_LINE_MAX, "%.*s", (int)(len < SOURCE_LINE_MAX ? len : SOURCE_LINE_MAX - 1), line);
    return len > 0;
}

bool source_line_read(const struct places_frame *frame, int64_t time_ns, char ret_line[SOURCE_LINE_MAX])
{
    char *line = NULL;
    size_t size = 0;
    struct stat st;
    bool found;
    FILE *in;

    /* What is no regular file is not even opened: a pipe would wait. */
    if (frame->line <= 0 || frame->file[0] != '/' || stat(frame->file, &st) != 0 || !S_ISREG(st.st_mode) ||
        !is_as_compiled(&st, frame, time_ns))
        return false;
    in = fopen(frame->file, "re");
    if (in == NULL)
        return false;
    found = read_line(in, frame->line, &line, &size) && trim(line, ret_line);
    free(line);
    fclose(in);
    return found;
}
