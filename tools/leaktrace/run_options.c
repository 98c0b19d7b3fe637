/* The options of `leaktrace run`. Owns nothing. */
#include "run_options.h"

#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEEDS_NO_QUOTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./%+*-"
#define HELP_INDENT 6
#define HELP_WIDTH 80

/* `--at-exit=no` as the pair `at_exit=no`, its value quoted if need be; NULL after a complaint. */
static char *make_pair(const char *argument)
{
    size_t name_len = strcspn(argument + 2, "=");
    char *pair = must_format("%s", argument + 2);
    const char *value = pair + name_len + 1;
    const char *quote = "";

    for (size_t i = 0; i < name_len; i++)
        if (pair[i] == '-')
            pair[i] = '_';
    if (pair[name_len] == '\0')
        return pair;
    if (value[strspn(value, NEEDS_NO_QUOTES)] != '\0')
        quote = strchr(value, '"') == NULL ? "\"" : "'";
    if (strlen(value) < OPTIONS_PATH_MAX && (*quote == '\0' || strchr(value, *quote) == NULL)) {
        char *quoted = must_format("%.*s=%s%s%s", (int)name_len, pair, quote, value, quote);

        free(pair);
        return quoted;
    }
    complain_usage("run", "%s: the value is too long, or has both kinds of quotes", argument);
    free(pair);
    return NULL;
}

static void complain_about(const char *line, void *context)
{
    (void)context;
    complain_usage("run", "%s", line);
}

static void ignore(const char *line, void *context)
{
    (void)line;
    (void)context;
}

static bool add_option(struct run_options *options, const char *argument)
{
    char *pair = make_pair(argument);
    char *longer;
    bool good;

    if (pair == NULL)
        return false;
    good = options_parse(&options->options, pair, complain_about, NULL) == 0;
    longer = must_format("%s%s%s", options->text, options->text[0] == '\0' ? "" : ":", pair);
    free(pair);
    free(options->text);
    options->text = longer;
    return good;
}

bool run_options_read(int argc, char **argv, const char *inherited, struct run_options *ret_options)
{
    struct run_options options = {.text = must_format("%s", inherited)};
    bool good = true;
    int at = 1;

    options_set_defaults(&options.options);
    options_parse(&options.options, inherited, ignore, NULL);
    for (; good && at < argc && argv[at][0] == '-' && strcmp(argv[at], "--") != 0; at++) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
            options.help = true;
        else if (strcmp(argv[at], "--quiet") == 0 || strcmp(argv[at], "-q") == 0)
            options.quiet = true;
        else if (begins_with(argv[at], "--"))
            good = add_option(&options, argv[at]);
        else
            good = complain_usage("run", "there is no option '%s'", argv[at]) == EXIT_FINE;
    }
    at += at < argc && strcmp(argv[at], "--") == 0;
    options.program = argv + at;
    if (good && !options.help && at >= argc)
        good = complain_usage("run", "a PROGRAM is missing") == EXIT_FINE;
    if (!good) {
        free(options.text);
        return false;
    }
    *ret_options = options;
    return true;
}

/* Prints words on lines of HELP_WIDTH, moved in. */
static void print_paragraph(const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > 0 && column + 1 + len > HELP_WIDTH) {
            putchar('\n');
            column = 0;
        }
        column += 1 + len + (column == 0 ? HELP_INDENT - 1 : 0);
        printf("%*s%.*s", column == len + HELP_INDENT ? HELP_INDENT : 1, "", (int)len, text);
        text += len;
        text += *text == ' ';
    }
    putchar('\n');
}

void run_options_print_help(void)
{
    for (unsigned i = 0; i < OPTION_MAX; i++) {
        const struct option_row *row = &option_rows[i];
        char *text = must_format("%s (%s)%s", row->help, row->range, row->ready ? "" : "; not yet there");

        printf("  --%s=%s\n", row->name, row->def[0] == '\0' ? "..." : row->def);
        print_paragraph(text);
        free(text);
    }
}
