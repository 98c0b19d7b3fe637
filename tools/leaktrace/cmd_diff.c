/* `leaktrace diff`: what changed between two dumps. Owns nothing. */
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "profile/source.h"
#include "take_source.h"
#include "view/diff.h"
#include "view/json.h"
#include "view_options.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] = "Usage: leaktrace diff [OPTIONS] OLD NEW\n"
                           "\n"
                           "Shows what changed between two dumps, by the code that made it, the worst\n"
                           "growth first. OLD and NEW are each a PID (which is asked for a dump first), a\n"
                           "dump file, or a folder with the dumps of one process (the newest complete\n"
                           "set); or name all files of both dumps, the old one's first.\n"
                           "\n"
                           "A site is the same in both when its functions and source files are: neither\n"
                           "where the program was loaded nor a rebuild changes that. Within one build two\n"
                           "calls in one function are two sites.\n"
                           "\n"
                           "  --top N             sites of each kind (default 10)\n"
                           "  --kind KIND         one kind only: heap, fd, thread, ...\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --format text|json\n"
                           "  --help\n";

static unsigned show(const struct source *source, const struct view_options *options)
{
    const struct symbolize_options symbols = view_symbols_options(&options->symbols);
    const struct line_page page = environment_page(stdout);
    struct json json = {.out = stdout};
    struct diff diff;
    unsigned failures = diff_build(&source->sets[0], &source->sets[1], options->kind, &diff);

    if (diff.n_kinds == 0 && failures == 0) {
        if (options->kind != NULL)
            complain("the two dumps have no profile of kind '%s' in common", options->kind);
        else
            complain("the two dumps have no kind of profile in common");
        failures++;
    }
    diff_symbolize(&diff, options->top, &symbols);
    if (diff.n_kinds > 0 && options->as_json)
        diff_write_json(&diff, &json, options->top);
    else if (diff.n_kinds > 0)
        diff_print(&diff, &page, options->top);
    diff_release(&diff);
    return failures;
}

int cmd_diff(int argc, char **argv)
{
    struct source source = {0};
    struct view_options options;
    unsigned failures = 0;
    int status = view_options_read(argc, argv, help, &options);

    if (status >= 0)
        return status;
    if (argc - optind < 2)
        return complain_usage(argv[0], "diff takes an OLD and a NEW: each a PID, a dump, or a folder");
    for (int i = optind; i < argc; i++)
        failures += !take_source(&source, argv[i]);
    if (failures == 0 && source.n_sets != 2) {
        complain("diff takes two dumps, and these are %zu", source.n_sets);
        failures++;
    }
    if (failures == 0)
        failures += show(&source, &options);
    source_release(&source);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
