/* `leaktrace report`: what is live, worst first. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "profile/source.h"
#include "take_source.h"
#include "view/focus.h"
#include "view/json.h"
#include "view/report.h"
#include "view_options.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] = "Usage: leaktrace report [OPTIONS] SOURCE...\n"
                           "\n"
                           "Shows what is live, and what has grown since the mark, by the code that made it,\n"
                           "worst first. SOURCE is a PID (which is asked for a dump first), dump files, or a\n"
                           "folder of dumps (the newest complete set of each process).\n"
                           "\n"
                           "  --top N             sites of each kind (default 10)\n"
                           "  --kind KIND         one kind only: heap, fd, thread, ...\n"
                           "  --focus REGEX       only sites that run through a matching function, file\n"
                           "                      or module; an extended regular expression\n"
                           "  --ignore REGEX      no site that runs through one\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --format text|json\n"
                           "  --help\n";

static void show(const struct report *report, const struct view_options *options, struct json *json,
                 const struct line_page *page)
{
    if (options->as_json)
        report_write_json(report, json, options->top);
    else
        report_print(report, page, options->top, false);
}

/* Returns how many things went wrong. */
static unsigned report_all(const struct source *source, const struct view_options *options, const struct focus *focus)
{
    const struct line_page page = environment_page(stdout);
    const struct symbolize_options symbols = view_symbols_options(&options->symbols);
    const struct report_scope scope = {.kind = options->kind, .focus = focus, .symbols = &symbols};
    struct json json = {.out = stdout};
    unsigned failures = 0;
    size_t shown = 0;

    if (options->as_json) {
        json_open_object(&json, NULL);
        json_int(&json, "schema", REPORT_SCHEMA);
        json_open_array(&json, "reports");
    }
    for (size_t i = 0; i < source->n_sets; i++) {
        struct report report;

        failures += report_build(&source->sets[i], &scope, &report);
        if (report.n_rankings > 0) {
            if (shown++ > 0 && !options->as_json)
                putchar('\n');
            show(&report, options, &json, &page);
        }
        report_release(&report);
    }
    if (options->as_json) {
        json_close(&json);
        json_close(&json);
    }
    if (shown > 0 || failures > 0)
        return failures;
    complain("there is no profile of kind '%s'", options->kind);
    return 1;
}

int cmd_report(int argc, char **argv)
{
    struct view_options options;
    struct source source = {0};
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct focus focus;
    unsigned failures = 0;
    int status = view_options_read(argc, argv, help, &options);

    if (status >= 0)
        return status;
    if (optind == argc)
        return complain_usage(argv[0], "report takes a SOURCE: a PID, dumps, or a folder");
    if (focus_compile(options.focus, options.ignore, &focus, &why) != 0)
        return complain_usage(argv[0], "%s", why_buf);
    for (int i = optind; i < argc; i++)
        failures += !take_source(&source, argv[i]);
    if (source.n_sets > 0)
        failures += report_all(&source, &options, &focus);
    source_release(&source);
    focus_release(&focus);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
