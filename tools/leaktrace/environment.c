/* The environment of the command. Owns the name of the default folder. */
#include "environment.h"

#include "base/options.h"
#include "common.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WIDTH_WITHOUT_TERMINAL 100

static const char *value_of(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

static long width_of(FILE *out)
{
    const char *columns = value_of("COLUMNS");
    struct winsize size;
    long width;

    if (columns != NULL && parse_decimal(columns, LINE_WIDTH_MIN, LINE_WIDTH_MAX, &width))
        return width;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_WITHOUT_TERMINAL;
    if (size.ws_col < LINE_WIDTH_MIN)
        return LINE_WIDTH_MIN;
    return size.ws_col < LINE_WIDTH_MAX ? size.ws_col : LINE_WIDTH_MAX;
}

struct line_page environment_page(FILE *out)
{
    return (struct line_page){
        .out = out,
        .width = (unsigned)width_of(out),
        .colour = isatty(fileno(out)) == 1 && value_of("NO_COLOR") == NULL,
    };
}

void environment_progress(size_t done, size_t all)
{
    static struct timespec start;
    static bool is_shown;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (done == 0)
        start = now;
    if (done < all && isatty(STDERR_FILENO) == 1 && now.tv_sec - start.tv_sec > 1) {
        fprintf(stderr, "\r%zu of %zu dumps", done, all);
        is_shown = true;
    }
    if (done == all && is_shown) {
        fputs("\r\033[K", stderr);
        is_shown = false;
    }
}

const char *environment_options(void)
{
    const char *value = value_of(OPTIONS_VARIABLE);

    return value == NULL ? "" : value;
}

const char *environment_preload(void)
{
    const char *value = value_of(ENVIRONMENT_PRELOAD);

    return value == NULL ? "" : value;
}

const char *environment_library(void)
{
    return value_of("LEAKTRACE_LIBRARY");
}

const char *environment_path(void)
{
    const char *value = value_of("PATH");

    return value == NULL ? "/bin:/usr/bin" : value;
}

const char *environment_temporary(void)
{
    const char *folder = value_of("TMPDIR");

    return folder != NULL && folder[0] == '/' ? folder : "/tmp";
}

const char *environment_dump_folder(void)
{
    static char *folder;

    if (folder == NULL)
        folder = must_format("%s/leaktrace-%u", environment_temporary(), (unsigned)getuid());
    return folder;
}
