/* `leaktrace export`: a dump in the formats of other tools. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "export/export.h"
#include "output.h"
#include "profile/source.h"
#include "take_source.h"
#include "view/report.h"
#include "view_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "Usage: leaktrace export --to FORMAT [OPTIONS] SOURCE...\n"
                           "\n"
                           "Writes a dump, with the lines of its stacks, in the format of another tool.\n"
                           "SOURCE is a PID (which is asked for a dump first), the files of one dump, or a\n"
                           "folder with the dumps of one process (the newest complete set).\n"
                           "\n"
                           "  collapsed    one kind: a line for each stack, for flamegraph.pl and others\n"
                           "  speedscope   all kinds in one file, for https://www.speedscope.app\n"
                           "  json         all that the dump holds\n"
                           "  text         the same for people, the largest first\n"
                           "  pprof        one kind: profile.proto, for 'go tool pprof' and others\n"
                           "\n"
                           "  --to FORMAT         one of these\n"
                           "  -o, --output FILE   where it goes; - is standard output (default)\n"
                           "  --kind KIND         one kind only: heap, heap_growth, fd, thread, ...\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --help\n";

struct request {
    const struct export_format *format;
    const char *output;
    const char *kind; /* NULL: all */
    struct view_symbols symbols;
};

/* Takes one option; a negative result means that it is fine. */
static int take(const char *name, int option, struct request *request)
{
    switch (option) {
    case 'h':
        fputs(help, stdout);
        return EXIT_FINE;
    case 't':
        request->format = export_find(optarg);
        if (request->format == NULL)
            return complain_usage(name, "there is no format '%s'", optarg);
        break;
    case 'o':
        request->output = optarg;
        break;
    case 'k':
        request->kind = optarg;
        break;
    case 's':
        return view_symbols_add(&request->symbols, name, optarg);
    default:
        return complain_usage(name, "an option is unknown or lacks its value");
    }
    return -1;
}

/* Reads the options. A negative result means that all is well; else it is the exit status. */
static int read_options(int argc, char **argv, struct request *ret_request)
{
    static const struct option options[] = {{"to", required_argument, NULL, 't'},   {"output", required_argument, NULL, 'o'},
                                            {"kind", required_argument, NULL, 'k'}, {"symbols", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},       {0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        status = take(argv[0], option, ret_request);
        if (status >= 0)
            return status;
    }
    if (ret_request->format == NULL)
        return complain_usage(argv[0], "export needs to know the format: --to FORMAT");
    return optind < argc ? -1 : complain_usage(argv[0], "export takes a SOURCE: a PID, dumps, or a folder");
}

/* Names the kinds that there are, in `ret_kinds`. */
static void list_kinds(const struct report *report, struct text *ret_kinds)
{
    for (size_t i = 0; i < report->n_profiles; i++)
        text_format(ret_kinds, "%s%s", i == 0 ? "" : ", ", report->kinds[i]);
}

/* Chooses the profiles; how many, 0 after a complaint. */
static size_t choose(const struct report *report, const struct request *request, struct export_profile *ret_profiles)
{
    char kinds_buf[256] = "";
    struct text kinds = TEXT_ON(kinds_buf);
    size_t n = 0;

    for (size_t i = 0; i < report->n_profiles; i++)
        if (request->kind == NULL || strcmp(report->kinds[i], request->kind) == 0)
            ret_profiles[n++] = (struct export_profile){report->kinds[i], &report->profiles[i]};
    list_kinds(report, &kinds);
    if (n == 0)
        complain("there is no profile of kind '%s'", request->kind);
    if (n < 2 || !request->format->one_kind)
        return n;
    complain("%s holds one kind; choose with --kind: %s", request->format->name, kinds_buf);
    return 0;
}

static bool write_export(const struct export *export, const struct request *request)
{
    FILE *out = output_open(request->output);
    int ret;

    if (out == NULL)
        return false;
    if (request->format->is_binary && isatty(fileno(out)) == 1) {
        complain("%s is not for terminals: -o FILE", request->format->name);
        output_close(out, request->output);
        return false;
    }
    ret = request->format->write(export, out);
    if (ret != 0)
        complain("%s: %s", request->output, strerror(-ret));
    return output_close(out, request->output) && ret == 0;
}

static bool export_set(const struct source_set *set, const struct request *request)
{
    const struct symbolize_options symbols = view_symbols_options(&request->symbols);
    const struct report_scope scope = {.symbols = &symbols};
    struct export_profile *profiles;
    struct report report;
    struct export export;
    bool fine = report_build(set, &scope, &report) == 0;
    char *title = must_format("%s, pid %d, dump %s", report.program, report.pid, report.seq);

    profiles = must_grow(NULL, report.n_profiles, sizeof(*profiles));
    export = (struct export){.title = title, .profiles = profiles};
    if (report.n_profiles > 0) {
        export.n = choose(&report, request, profiles);
        fine = export.n > 0 && write_export(&export, request) && fine;
    }
    free(profiles);
    free(title);
    report_release(&report);
    return fine;
}

int cmd_export(int argc, char **argv)
{
    struct request request = {.output = "-"};
    struct source source = {0};
    unsigned failures = 0;
    int status = read_options(argc, argv, &request);

    if (status >= 0)
        return status;
    for (int i = optind; i < argc; i++)
        failures += !take_source(&source, argv[i]);
    if (failures == 0 && source.n_sets != 1) {
        complain("export takes one dump, and these are %zu", source.n_sets);
        failures++;
    }
    if (failures == 0)
        failures += !export_set(&source.sets[0], &request);
    source_release(&source);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
