/* `leaktrace report`: what is live, worst first. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "profile/source.h"
#include "target/ask_dump.h"
#include "view/json.h"
#include "view/report.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TOP_DEFAULT 10

static const char help[] = "Usage: leaktrace report [OPTIONS] SOURCE...\n"
                           "\n"
                           "Shows what is live, and what has grown since the mark, by the code that made it,\n"
                           "worst first. SOURCE is a PID (which is asked for a dump first), dump files, or a\n"
                           "folder of dumps (the newest complete set of each process).\n"
                           "\n"
                           "  --top N             sites of each kind (default 10)\n"
                           "  --kind KIND         one kind only: heap, fd, thread, ...\n"
                           "  --symbols DIR       debug files are there, too: laid out as /usr/lib/debug or\n"
                           "                      as the target's root, or side by side; more than once\n"
                           "  --format text|json\n"
                           "  --help\n";

struct request {
    long top;
    const char *kind; /* NULL: all */
    bool as_json;
    struct symbolize_options symbols;
    const char **folders; /* with symbols */
};

static void add_folder(struct request *request, const char *folder)
{
    request->folders = must_grow(request->folders, request->symbols.n_folders + 1, sizeof(*request->folders));
    request->folders[request->symbols.n_folders++] = folder;
    request->symbols.folders = request->folders;
}

/* Reads the options. A negative result means that all is well; else it is the exit status. */
static int read_options(int argc, char **argv, struct request *ret_request)
{
    static const struct option options[] = {{"top", required_argument, NULL, 't'},
                                            {"kind", required_argument, NULL, 'k'},
                                            {"symbols", required_argument, NULL, 's'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 't':
            if (!parse_decimal(optarg, 1, INT_MAX, &ret_request->top))
                return complain_usage(argv[0], "--top takes a number from 1, not '%s'", optarg);
            break;
        case 'k':
            ret_request->kind = optarg;
            break;
        case 's':
            add_folder(ret_request, optarg);
            break;
        case 'f':
            status = read_format(argv[0], optarg, &ret_request->as_json);
            if (status >= 0)
                return status;
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    return optind < argc ? -1 : complain_usage(argv[0], "report takes a SOURCE: a PID, dumps, or a folder");
}

/* Adds a dump of a process, made now. What goes wrong is told in `why`, here and below. */
static void add_process(struct source *source, int pid, struct text *why)
{
    size_t before = source->n_sets;
    struct ask_dump dump;

    if (ask_dump(pid, &dump, why) != 0)
        return;
    const struct source_filter filter = {.pid = pid, .exe = dump.target.status.exe, .seq = dump.seq};

    if (source_add_folder(source, dump.target.status.dir, &filter, why) == 0 && source->n_sets == before)
        text_format(why, "dump %s of process %d is in %s, but not as profiles (option format)", dump.seq, pid,
                    dump.target.status.dir);
}

static void add_path(struct source *source, const char *path, struct text *why)
{
    const struct source_filter any = {.pid = 0};
    char problem_buf[256] = "";
    struct text problem = TEXT_ON(problem_buf);
    size_t before = source->n_sets;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        source_add_file(source, path, &problem);
    else if (source_add_folder(source, path, &any, &problem) == 0 && source->n_sets == before)
        text_add(&problem, "there are no dumps in this folder");
    if (problem.len > 0)
        text_format(why, "%s: %s", path, problem_buf);
}

/* Adds what one SOURCE stands for; false after a complaint. */
static bool add_source(struct source *source, const char *argument)
{
    char why_buf[PATH_MAX + 256] = "";
    struct text why = TEXT_ON(why_buf);
    int pid;

    if (parse_pid(argument, &pid))
        add_process(source, pid, &why);
    else
        add_path(source, argument, &why);
    if (why.len > 0)
        complain("%s", why_buf);
    return why.len == 0;
}

static void show(const struct report *report, const struct request *request, struct json *json,
                 const struct line_page *page)
{
    if (request->as_json)
        report_write_json(report, json, (size_t)request->top);
    else
        report_print(report, page, (size_t)request->top, false);
}

/* Returns how many things went wrong. */
static unsigned report_all(const struct source *source, const struct request *request)
{
    const struct line_page page = environment_page(stdout);
    struct json json = {.out = stdout};
    unsigned failures = 0;
    size_t shown = 0;

    if (request->as_json) {
        json_open_object(&json, NULL);
        json_int(&json, "schema", REPORT_SCHEMA);
        json_open_array(&json, "reports");
    }
    for (size_t i = 0; i < source->n_sets; i++) {
        struct report report;

        failures += report_build(&source->sets[i], request->kind, &request->symbols, &report);
        if (report.n_rankings > 0) {
            if (shown++ > 0 && !request->as_json)
                putchar('\n');
            show(&report, request, &json, &page);
        }
        report_release(&report);
    }
    if (request->as_json) {
        json_close(&json);
        json_close(&json);
    }
    if (shown > 0 || failures > 0)
        return failures;
    complain("there is no profile of kind '%s'", request->kind);
    return 1;
}

int cmd_report(int argc, char **argv)
{
    struct request request = {.top = TOP_DEFAULT, .symbols = environment_symbols()};
    struct source source = {0};
    unsigned failures = 0;
    int status = read_options(argc, argv, &request);

    if (status >= 0)
        return status;
    for (int i = optind; i < argc; i++)
        failures += !add_source(&source, argv[i]);
    if (source.n_sets > 0)
        failures += report_all(&source, &request);
    source_release(&source);
    free(request.folders);
    return failures == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
