/* Options of the views. Owns nothing; called by the commands that show dumps. */
#include "view_options.h"

#include "common.h"
#include "environment.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP_DEFAULT 10

static const struct option table[] = {{"top", required_argument, NULL, 't'},     {"kind", required_argument, NULL, 'k'},
                                      {"symbols", required_argument, NULL, 's'}, {"focus", required_argument, NULL, 'F'},
                                      {"ignore", required_argument, NULL, 'I'},  {"format", required_argument, NULL, 'f'},
                                      {"help", no_argument, NULL, 'h'},          {0}};

/* Whether the command has the option that getopt_long() has found at that place of the table. */
static bool is_offered(int at, const char *help)
{
    char *line = must_format("\n  --%s", table[at].name);
    bool offered = strstr(help, line) != NULL;

    free(line);
    return offered;
}

/* Takes one option; a negative result means that it is fine. */
static int take(const char *command, int option, const char *help, struct view_options *ret_options)
{
    long top;

    switch (option) {
    case 'h':
        fputs(help, stdout);
        return EXIT_FINE;
    case 't':
        if (!parse_decimal(optarg, 1, INT_MAX, &top))
            return complain_usage(command, "--top takes a number from 1, not '%s'", optarg);
        ret_options->top = (size_t)top;
        break;
    case 'k':
        ret_options->kind = optarg;
        break;
    case 'F':
        ret_options->focus = optarg;
        break;
    case 'I':
        ret_options->ignore = optarg;
        break;
    case 's':
        return view_symbols_add(&ret_options->symbols, command, optarg);
    case 'f':
        return read_format(command, optarg, &ret_options->as_json);
    }
    return -1;
}

int view_options_read(int argc, char **argv, const char *help, struct view_options *ret_options)
{
    int option, status = -1, at = -1;

    *ret_options = (struct view_options){.top = TOP_DEFAULT};
    while (status < 0 && (option = getopt_long(argc, argv, "h", table, &at)) != -1) {
        if (option == '?')
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        if (at >= 0 && !is_offered(at, help))
            return complain_usage(argv[0], "there is no option '--%s'", table[at].name);
        status = take(argv[0], option, help, ret_options);
        at = -1;
    }
    return status;
}

int view_symbols_add(struct view_symbols *symbols, const char *command, const char *folder)
{
    if (symbols->n == VIEW_SYMBOLS_FOLDERS_MAX)
        return complain_usage(command, "--symbols can be given %d times, not more", VIEW_SYMBOLS_FOLDERS_MAX);
    symbols->folders[symbols->n++] = folder;
    return -1;
}

struct symbolize_options view_symbols_options(const struct view_symbols *symbols)
{
    struct symbolize_options options = environment_symbols();

    options.folders = symbols->folders;
    options.n_folders = symbols->n;
    return options;
}
