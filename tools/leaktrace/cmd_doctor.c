/* `leaktrace doctor`: whether a program or process can be traced, and what to do if not. Owns nothing. */
#include "base/glob.h"
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "doctor/file.h"
#include "doctor/finding.h"
#include "doctor/folder.h"
#include "doctor/loading.h"
#include "doctor/process.h"
#include "environment.h"
#include "target/library.h"
#include "target/program.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define EXIT_UNTRACEABLE 1

static const char help[] = "Usage: leaktrace doctor [--format text|json] PROGRAM|PID\n"
                           "\n"
                           "Says whether a program can be traced, or a process is, and what to do if not.\n"
                           "Nothing is run and nothing is changed; neither root nor ptrace is needed.\n"
                           "\n"
                           "The first line is the verdict, then one line for each finding, worst first:\n"
                           "  stop   it cannot be traced      note  good to know\n"
                           "  limit  a part of it cannot      ok    as it should be\n"
                           "\n"
                           "A file whose name is a number is asked about as ./NUMBER.\n"
                           "Exit status: 0 it can be traced, or is; 1 it cannot; 2 wrong usage; 3 leaktrace\n"
                           "itself failed, or there is no such program or process.\n";

struct request {
    const char *name;
    bool as_json;
};

/* A negative result means that all is well; else it is the exit status. */
static int read_options(int argc, char **argv, struct request *ret_request)
{
    static const struct option options[] = {{"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 'f':
            status = read_format(argv[0], optarg, &ret_request->as_json);
            if (status >= 0)
                return status;
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    if (argc - optind != 1)
        return complain_usage(argv[0], "doctor takes one PROGRAM or PID");
    ret_request->name = argv[optind];
    return -1;
}

/* The options, and what they mean for a program of these names. */
static void examine_options(const char *name, const char *path, struct options *ret_options, struct findings *findings)
{
    const char *base = strrchr(name, '/'), *file = strrchr(path, '/');

    base = base == NULL ? name : base + 1;
    file = file == NULL ? path : file + 1;
    options_examine(environment_options(), ret_options, findings);
    if (!glob_list_matches(ret_options->exe, base) && !glob_list_matches(ret_options->exe, file))
        findings_add(findings, FINDING_STOP, "options", "Change it in LEAKTRACE_OPTIONS",
                     "exe=%s does not name %s: it would run untouched", ret_options->exe, base);
}

static void examine_library(const char *path, struct findings *findings)
{
    char why_buf[PATH_MAX + 256] = "", library[PATH_MAX];
    struct text why = TEXT_ON(why_buf);

    if (library_find(environment_library(), library, &why) == 0)
        loading_examine(path, library, findings);
    else
        findings_add(findings, FINDING_STOP, "library", NULL, "%s", why_buf);
}

static void examine_folder(const struct options *options, struct findings *findings)
{
    bool is_default = options->dir[0] == '\0';

    folder_examine(is_default ? environment_dump_folder() : options->dir, is_default, findings);
}

static int conclude(const struct request *request, const struct finding_subject *subject, struct findings *findings)
{
    int status = findings_have(findings, FINDING_STOP) ? EXIT_UNTRACEABLE : EXIT_FINE;

    if (request->as_json)
        findings_write_json(findings, subject);
    else
        findings_print(findings, subject);
    return status;
}

static int examine_program(const struct request *request)
{
    struct finding_subject subject = {.name = request->name};
    struct findings findings = {0};
    char path[PATH_MAX];
    struct options options;
    int status;

    if (!program_look_up(request->name, environment_path(), path)) {
        complain("%s: there is no such program, or it may not be executed", request->name);
        return EXIT_LEAKTRACE;
    }
    if (file_follow(path, environment_path(), &findings)) {
        examine_options(request->name, path, &options, &findings);
        if (file_examine(path, path, false, &findings))
            examine_library(path, &findings);
        examine_folder(&options, &findings);
    }
    subject.program = path;
    status = conclude(request, &subject, &findings);
    findings_release(&findings);
    return status;
}

static void examine_bare(const struct process *process, struct findings *findings)
{
    struct options options;
    bool may_load;

    examine_options(process->program, process->program, &options, findings);
    process_examine_bare(process, &options, findings);
    may_load = file_examine(process->exe, process->program, true, findings);
    if (may_load && process->shares_files)
        examine_library(process->exe, findings);
    if (process->shares_files)
        examine_folder(&options, findings);
}

static int examine_process(const struct request *request, int pid)
{
    struct finding_subject subject = {.name = request->name, .pid = pid};
    struct findings findings = {0};
    struct process process;
    char why[256];
    int status;

    if (process_open(pid, &process, &findings, why) != 0) {
        complain("%s", why);
        return EXIT_LEAKTRACE;
    }
    if (process.program[0] != '\0' && !process_examine_traced(&process, &findings))
        examine_bare(&process, &findings);
    subject.program = process.program[0] == '\0' ? "no program" : process.program;
    status = conclude(request, &subject, &findings);
    findings_release(&findings);
    return status;
}

int cmd_doctor(int argc, char **argv)
{
    struct request request = {.as_json = false};
    int pid, status = read_options(argc, argv, &request);

    if (status >= 0)
        return status;
    if (parse_pid(request.name, &pid))
        return examine_process(&request, pid);
    return examine_program(&request);
}
