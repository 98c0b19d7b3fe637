/* The environment of the command. Owns the name of the default folder. */
#include "environment.h"

#include "base/options.h"
#include "common.h"

#include <stdlib.h>
#include <sys/ioctl.h>
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

struct symbolize_options environment_symbols(void)
{
    return (struct symbolize_options){
        .debuginfod = value_of("DEBUGINFOD_URLS") != NULL,
        .progress = isatty(STDERR_FILENO) == 1 ? stderr : NULL,
    };
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

const char *environment_terminal(void)
{
    return value_of("TERM");
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
