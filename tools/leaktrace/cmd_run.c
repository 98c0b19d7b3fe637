/* `leaktrace run`: a program, traced, and at its end what it has left behind. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "profile/source.h"
#include "run_options.h"
#include "target/library.h"
#include "target/traced.h"
#include "view/report.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define SUMMARY_TOP 3

static int print_help(void)
{
    puts("Usage: leaktrace run [OPTIONS] [--] PROGRAM [ARG...]\n"
         "\n"
         "Runs PROGRAM traced, with its own input, output and exit status (128+n for\n"
         "signal n; 127 when it is not found, 126 when it cannot be run), and then shows\n"
         "on standard error, in short, what was still live at its end.\n"
         "\n"
         "  -q, --quiet\n"
         "      no summary\n"
         "  --help\n"
         "\n"
         "Options of the library, with their defaults; they come behind what\n" OPTIONS_VARIABLE
         " says, and go before it:\n");
    run_options_print_help();
    puts("\n"
         "LEAKTRACE_LIBRARY names the library to load, if it is not the one that is\n"
         "installed with this command.");
    return EXIT_FINE;
}

/* Why there may be no dump, as far as that can be known from outside. */
static const char *explain_no_dump(const struct run_options *options, const struct launch *launch,
                                   enum program_verdict verdict)
{
    if (program_explain(verdict) != NULL)
        return program_explain(verdict);
    if (launch->signal == SIGKILL)
        return "was ended by SIGKILL, which leaves no time for a dump";
    if (!options->options.at_exit)
        return "ended with at_exit=no, and had not been asked for a dump before";
    return "may not be traced by LEAKTRACE_OPTIONS, or could not write; its lines 'leaktrace[PID]: ...', if any, say "
           "why";
}

static void print_set(const char *folder, const struct source_set *set)
{
    const struct line_page page = environment_page(stderr);
    const struct symbolize_options symbols = environment_symbols();
    const struct report_scope scope = {.symbols = &symbols};
    struct report report;

    report_build(set, &scope, &report);
    putc('\n', stderr);
    report_print(&report, &page, SUMMARY_TOP, true);
    report_release(&report);
    putc('\n', stderr);
    complain("all of it: leaktrace report %s/%s.%d.%s.*", folder, set->exe, set->pid, set->seq);
}

static void summarize(const struct run_options *options, const struct launch *launch, struct timespec start,
                      enum program_verdict verdict)
{
    const char *folder = options->options.dir[0] == '\0' ? environment_dump_folder() : options->options.dir;
    const struct source_filter filter = {.pid = launch->pid, .since = start};
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct source source = {0};

    if ((options->options.formats & OPTION_FORMAT_PPROF) == 0)
        return;
    if (source_add_folder(&source, folder, &filter, &why) == 0 && source.n_sets > 0)
        /* A process that called exec has left sets under several names. */
        print_set(folder, source_newest(&source));
    else
        complain("no dump of pid %d in %s: %s %s", launch->pid, folder, options->program[0],
                 explain_no_dump(options, launch, verdict));
    source_release(&source);
}

static int run_program(const struct run_options *options, const char *library)
{
    enum program_verdict verdict = program_judge(options->program[0], environment_path());
    struct timespec start;
    struct launch launch;
    int status;

    /* The clock that files are dated by. */
    clock_gettime(CLOCK_REALTIME_COARSE, &start);
    status = traced_start(options->program, library, environment_preload(), options->text, verdict, &launch);
    if (status >= 0)
        return status;
    launch_wait(&launch, -1);
    launch_finish(&launch);
    if (!options->quiet)
        summarize(options, &launch, start, verdict);
    return launch.status;
}

int cmd_run(int argc, char **argv)
{
    char why_buf[PATH_MAX + 256] = "", library[PATH_MAX];
    struct text why = TEXT_ON(why_buf);
    struct run_options options;
    int status = EXIT_LEAKTRACE;

    if (!run_options_read(argc, argv, environment_options(), &options))
        return EXIT_USAGE;
    if (options.help)
        status = print_help();
    else if (library_find(environment_library(), library, &why) == 0)
        status = run_program(&options, library);
    else
        complain("%s", why_buf);
    free(options.text);
    return status;
}
