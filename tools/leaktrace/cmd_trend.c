/* `leaktrace trend`: how each site went over a series of dumps. Owns nothing. */
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "profile/source.h"
#include "take_source.h"
#include "view/json.h"
#include "view/progress.h"
#include "view/trend.h"
#include "view_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: leaktrace trend [OPTIONS] SOURCE...\n"
                           "\n"
                           "Says of each site how it went over a series of dumps, the worst first. SOURCE\n"
                           "is a PID (all its dumps, and one made now), dump files, or a folder of dumps\n"
                           "(all of them, each program for itself). Dumps may be irregular in time, with\n"
                           "restarts in between. With --interval, `leaktrace run` makes such a series.\n"
                           "\n"
                           "  growing        it rises and shows no end of it: a leak, most likely\n"
                           "  saturating     it rises ever slower: a cache that fills\n"
                           "  unclear        fewer than five dumps of a process\n"
                           "  sawtooth       it rises and falls back, again and again\n"
                           "  follows load   it goes with the allocations per second, and does nothing else\n"
                           "  stopped        it has risen, and no longer does\n"
                           "  flat, falling\n"
                           "\n"
                           "Rates are per hour. The limit is the process' own, of memory, descriptors or\n"
                           "threads; the time to it is what is left if nothing else changes. In the\n"
                           "pictures | is a restart.\n"
                           "\n"
                           "  --top N             sites of each kind (default 10)\n"
                           "  --kind KIND         one kind only: heap, fd, thread, ...\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --format text|json\n"
                           "  --help\n";

/* What is shown, and how much has been. */
struct showing {
    const struct view_options *options;
    struct symbolize_options symbols;
    struct line_page page;
    struct json json;
    size_t n_shown;
};

static void show_chain(struct series *series, size_t chain, struct showing *showing)
{
    struct trend trend;

    trend_build(series, chain, showing->options->kind, &trend);
    if (trend.n_kinds > 0) {
        trend_symbolize(&trend, showing->options->top, &showing->symbols);
        if (showing->options->as_json)
            trend_write_json(&trend, &showing->json, showing->options->top);
        if (!showing->options->as_json && showing->n_shown > 0)
            putchar('\n');
        if (!showing->options->as_json)
            trend_print(&trend, &showing->page, showing->options->top);
        showing->n_shown++;
    }
    trend_release(&trend);
}

/* Shows the trends of the program of set `first`, which is not that of a set before. Returns how many things went wrong. */
static unsigned show_program(const struct source *source, size_t first, struct showing *showing)
{
    const struct source_set **sets = must_grow(NULL, source->n_sets, sizeof(*sets));
    struct progress progress;
    struct series series;
    unsigned failures;
    size_t n = 0;

    for (size_t i = first; i < source->n_sets; i++)
        if (strcmp(source->sets[i].exe, source->sets[first].exe) == 0)
            sets[n++] = &source->sets[i];
    progress_start(&progress, showing->symbols.progress, "reading dumps");
    failures = series_build(sets, n, &progress, &series);
    progress_end(&progress);
    for (size_t i = 0; i < series.n_chains; i++)
        show_chain(&series, i, showing);
    series_release(&series);
    free(sets);
    return failures;
}

static bool is_new_program(const struct source *source, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(source->sets[i].exe, source->sets[at].exe) == 0)
            return false;
    return true;
}

static unsigned show_all(const struct source *source, const struct view_options *options)
{
    struct showing showing = {.options = options,
                              .symbols = view_symbols_options(&options->symbols),
                              .page = environment_page(stdout),
                              .json = {.out = stdout}};
    unsigned failures = 0;

    if (options->as_json) {
        json_open_object(&showing.json, NULL);
        json_int(&showing.json, "schema", TREND_SCHEMA);
        json_open_array(&showing.json, "trends");
    }
    for (size_t i = 0; i < source->n_sets; i++)
        if (is_new_program(source, i))
            failures += show_program(source, i, &showing);
    if (options->as_json) {
        json_close(&showing.json);
        json_close(&showing.json);
    }
    if (showing.n_shown > 0 || failures > 0)
        return failures;
    complain("there is no profile of kind '%s'", options->kind == NULL ? "" : options->kind);
    return 1;
}

int cmd_trend(int argc, char **argv)
{
    struct source source = {0};
    struct view_options options;
    unsigned failures = 0;
    int status = view_options_read(argc, argv, help, &options);

    if (status >= 0)
        return status;
    if (optind == argc)
        return complain_usage(argv[0], "trend takes a SOURCE: a PID, dumps, or a folder");
    for (int i = optind; i < argc; i++)
        failures += !take_series(&source, argv[i]);
    if (source.n_sets > 0)
        failures += show_all(&source, &options);
    source_release(&source);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
