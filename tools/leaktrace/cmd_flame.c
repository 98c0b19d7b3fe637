/* `leaktrace flame`: a flame graph in one page. Owns nothing. */
#include "commands.h"
#include "common.h"
#include "flame/page.h"
#include "output.h"
#include "profile/source.h"
#include "take_source.h"
#include "view/report.h"
#include "view_options.h"

#include <getopt.h>
#include <stdlib.h>

static const char help[] = "Usage: leaktrace flame [OPTIONS] SOURCE... -o OUT.html\n"
                           "\n"
                           "Writes a page with a flame graph of what is live and of what has grown since\n"
                           "the mark, and a table of the sites beside it. The page is one file: it needs\n"
                           "no network, and shows its tables also where scripts are not run. SOURCE is a\n"
                           "PID (which is asked for a dump first), dump files, or a folder of dumps (the\n"
                           "newest of each process).\n"
                           "\n"
                           "  -o, --output FILE   where the page goes; - is standard output\n"
                           "  --base SOURCE       an older dump: what has changed since is coloured\n"
                           "  --kind KIND         one kind only: heap, fd, thread, ...\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --help\n";

struct request {
    const char *output;
    const char *base; /* NULL: none */
    const char *kind; /* NULL: all */
    struct view_symbols symbols;
};

/* Reads the options. A negative result means that all is well; else it is the exit status. */
static int read_options(int argc, char **argv, struct request *ret_request)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'}, {"base", required_argument, NULL, 'b'},
                                            {"kind", required_argument, NULL, 'k'},   {"symbols", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},         {0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 'o':
            ret_request->output = optarg;
            break;
        case 'b':
            ret_request->base = optarg;
            break;
        case 'k':
            ret_request->kind = optarg;
            break;
        case 's':
            status = view_symbols_add(&ret_request->symbols, argv[0], optarg);
            if (status >= 0)
                return status;
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    if (optind >= argc)
        return complain_usage(argv[0], "flame takes a SOURCE: a PID, dumps, or a folder");
    return ret_request->output != NULL ? -1 : complain_usage(argv[0], "flame needs to know where the page goes: -o OUT.html");
}

/* Writes the page to a file, or to standard output; false after a complaint. */
static bool write_page(const struct flame_page *page, const char *output)
{
    FILE *out = output_open(output);

    if (out == NULL)
        return false;
    flame_page_write(page, out);
    return output_close(out, output);
}

/* Returns how many things went wrong. */
static unsigned make_page(const struct source *source, const struct source *base, const struct request *request)
{
    struct report *reports = must_grow(NULL, source->n_sets, sizeof(*reports));
    struct report before = {0};
    const struct symbolize_options symbols = view_symbols_options(&request->symbols);
    const struct report_scope scope = {.kind = request->kind, .symbols = &symbols};
    struct flame_page page = {.n_processes = 0};
    unsigned failures = 0;

    if (base->n_sets > 0)
        failures += report_build(&base->sets[0], &scope, &before);
    for (size_t i = 0; i < source->n_sets; i++) {
        failures += report_build(&source->sets[i], &scope, &reports[i]);
        if (reports[i].n_rankings > 0)
            flame_page_add(&page, &reports[i], base->n_sets > 0 ? &before : NULL);
    }
    if (page.n_processes > 0) {
        failures += !write_page(&page, request->output);
    } else if (failures == 0) {
        complain("there is no profile of kind '%s'", request->kind);
        failures++;
    }
    flame_page_release(&page);
    report_release(&before);
    for (size_t i = 0; i < source->n_sets; i++)
        report_release(&reports[i]);
    free(reports);
    return failures;
}

int cmd_flame(int argc, char **argv)
{
    struct request request = {.output = NULL};
    struct source source = {0}, base = {0};
    unsigned failures = 0;
    int status = read_options(argc, argv, &request);

    if (status >= 0)
        return status;
    for (int i = optind; i < argc; i++)
        failures += !take_source(&source, argv[i]);
    if (request.base != NULL)
        failures += !take_source(&base, request.base);
    if (request.base != NULL && failures == 0 && (source.n_sets != 1 || base.n_sets != 1)) {
        complain("with --base, SOURCE and its base are one dump each; here are %zu and %zu", source.n_sets, base.n_sets);
        failures++;
    } else if (source.n_sets > 0) {
        failures += make_page(&source, &base, &request);
    }
    source_release(&source);
    source_release(&base);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
