/* `leaktrace gate`: runs a program and all its children, and says by its exit status whether they leak. Owns nothing. */
#include "base/options.h"
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "gate/baseline.h"
#include "gate/folder.h"
#include "gate/growth.h"
#include "gate/leftovers.h"
#include "gate/notes.h"
#include "gate/options.h"
#include "gate/suppression.h"
#include "target/library.h"
#include "target/traced.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct gate {
    struct gate_options options;
    struct suppressions suppressions;
    struct baseline baseline;
    struct collected collected;
    struct notes notes;
    struct verdict verdict;
    char today[16];
    bool is_incomplete; /* what must be looked at was not */
};

/* All that can be wrong with the command line is found before the program runs; false after a complaint. */
static bool read_inputs(struct gate *gate)
{
    const struct gate_options *options = &gate->options;
    char why_buf[PATH_MAX + 256] = "";
    struct text why = TEXT_ON(why_buf);
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < options->n_suppressions; i++)
        ret = suppression_read_file(&gate->suppressions, options->suppressions[i], &why);
    if (!options->no_default_suppressions)
        suppression_add_defaults(&gate->suppressions);
    if (ret == 0 && options->baseline != NULL) {
        ret = baseline_read(&gate->baseline, options->baseline, &why);
        if (ret == -ENOENT && options->update_baseline)
            ret = 0;
        else if (ret == -ENOENT)
            text_add(&why, "; --update-baseline makes it");
    }
    if (ret != 0)
        complain("%s", why_buf);
    return ret == 0;
}

/* What the library is told: last what the gate rests on. */
static char *make_library_options(const struct gate *gate, const char *folder)
{
    const struct rounds_plan *rounds = &gate->options.rounds;
    const char *inherited = environment_options(), quote = gate_folder_quote(folder);
    char warmup[32] = "";

    if (rounds->n == 0 && rounds->warmup_ms > 0)
        snprintf(warmup, sizeof(warmup), ":warmup=%d", (rounds->warmup_ms + 999) / 1000);
    return must_format("%s%slog=%c%s/log%c:%s%sdir=%c%s%c:at_exit=yes:checkpoint=0:interval=0:sample=0:signal=none:"
                       "format=pprof:follow=fork,exec:keep=9999:max_disk=1T%s%s",
                       inherited, inherited[0] == '\0' ? "" : ":", quote, folder, quote, gate->options.library,
                       gate->options.library[0] == '\0' ? "" : ":", quote, folder, quote,
                       gate->options.rules.heap ? ":leaks=exit" : "", warmup);
}

static void ignore(const char *line, void *context)
{
    (void)line;
    (void)context;
}

/* Whether only programs of certain names are traced. */
static bool is_selective(const char *library_options)
{
    struct options options;

    options_set_defaults(&options);
    options_parse(&options, library_options, ignore, NULL);
    return strcmp(options.exe, option_rows[OPTION_exe].def) != 0;
}

static const char *explain_no_dump(const struct launch *launch, enum program_verdict verdict)
{
    if (program_explain(verdict) != NULL)
        return program_explain(verdict);
    if (launch->signal == SIGKILL)
        return "was ended by SIGKILL, which leaves no time for a dump";
    return "has left no dump: it may have executed a program that is not traced; leaktrace doctor PROGRAM may say why";
}

/* What is judged, and how it came to be. */
struct subject {
    const char *name;   /* of the program, or the folder */
    const char *folder; /* of its dumps */
    int pid;            /* of the program; 0: it was not run by us */
    struct timespec start;
    int status;          /* its exit status */
    bool selective;      /* it need not be among what was traced */
    const char *missing; /* why there may be no dump */
};

static void refuse(struct gate *gate, const char *what, const char *why)
{
    complain("%s: %s", what, why);
    gate->is_incomplete = true;
}

/* No verdict without having looked at the program itself, or at what was selected. */
static void check_coverage(struct gate *gate, const struct subject *subject)
{
    const struct collected *collected = &gate->collected;

    if (collected->processes.n == 0 || (!subject->selective && !collected->main_is_judged)) {
        refuse(gate, subject->name, subject->missing);
        return;
    }
    gate->is_incomplete |= collected->n_unreadable > 0;
    if (gate->options.growth && collected->n_rounds < GROWTH_ROUNDS_MIN)
        refuse(gate, subject->name,
               "there are fewer than 3 dumps between the growth mark and the end, so nothing is known of growth");
    if (!gate->options.rules.heap)
        return;
    if (collected->n_unscanned == collected->processes.n || (!subject->selective && !collected->main_is_scanned))
        refuse(gate, subject->name, "its heap was not looked through; --no-heap leaves it out");
    else if (collected->n_unscanned > 0)
        notes_add(&gate->notes, "the heap of %zu of %zu processes was not looked through; one is %s", collected->n_unscanned,
                  collected->processes.n, collected->unscanned);
}

static void note_suppressions(struct gate *gate)
{
    const struct suppression *suppression;

    for (suppression = gate->suppressions.first; suppression != NULL; suppression = suppression->next) {
        if (suppression->file == NULL)
            continue;
        if (suppression_has_expired(suppression, gate->today))
            notes_add(&gate->notes, "%s:%u: '%s' has expired", suppression->file, suppression->line, suppression->text);
        else if (suppression->matched == 0)
            notes_add(&gate->notes, "%s:%u: '%s' is not used", suppression->file, suppression->line, suppression->text);
        else if (suppression->max >= 0 && suppression->matched > suppression->max)
            notes_add(&gate->notes, "%s:%u: '%s' does not hold: there are %lld", suppression->file, suppression->line,
                      suppression->text, (long long)suppression->matched);
    }
}

static void compare_with_baseline(struct gate *gate)
{
    size_t gone;

    if (gate->options.baseline == NULL)
        return;
    gone = baseline_compare(&gate->baseline, &gate->collected.leaks);
    if (gone > 0 && !gate->options.update_baseline)
        notes_add(&gate->notes, "%s: %zu of %zu leaks are gone; --update-baseline removes them", gate->options.baseline, gone,
                  gate->baseline.n);
}

static bool fails(const struct gate *gate, const struct leak *leak)
{
    if (leak->suppressed_by != NULL || gate->options.update_baseline)
        return false;
    if (gate->options.baseline == NULL || gate->options.fail_on == GATE_FAIL_ON_ANY)
        return true;
    return leak->baseline == LEAK_NEW || (gate->options.fail_on == GATE_FAIL_ON_GROWTH && leak->baseline == LEAK_MORE);
}

static void judge(struct gate *gate)
{
    const struct leaks *leaks = &gate->collected.leaks;

    suppression_apply(&gate->suppressions, leaks, gate->today);
    note_suppressions(gate);
    compare_with_baseline(gate);
    for (size_t i = 0; i < leaks->n; i++) {
        struct leak *leak = leaks->sorted[i];

        leak->fails = fails(gate, leak);
        gate->verdict.n_failing += leak->fails;
        gate->verdict.n_suppressed += leak->suppressed_by != NULL;
        gate->verdict.n_known += !leak->fails && leak->suppressed_by == NULL;
    }
}

static bool write_beside(const char *file, void (*write)(FILE *out, const struct leaks *leaks), const struct leaks *leaks)
{
    bool to_stdout = strcmp(file, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(file, "we");

    if (out != NULL)
        write(out, leaks);
    if (out != NULL && (to_stdout || fclose(out) == 0))
        return true;
    complain("cannot write %s: %s", file, strerror(errno));
    return false;
}

/* When all formats go to files, one line still says how it went. */
static void sum_up(const struct gate *gate)
{
    char *summary;

    for (size_t i = 0; i < gate->options.n_outputs; i++)
        if (gate->options.outputs[i].file == NULL || strcmp(gate->options.outputs[i].file, "-") == 0)
            return;
    summary = verdict_summary(&gate->verdict);
    complain("gate: %s", summary);
    free(summary);
}

static bool show(struct gate *gate)
{
    const struct gate_options *options = &gate->options;
    const struct leaks *leaks = &gate->collected.leaks;
    bool good;

    for (size_t i = 0; !options->quiet && i < gate->notes.n; i++)
        complain("%s", gate->notes.lines[i]);
    gate->verdict.leaks = leaks;
    gate->verdict.notes = (const char *const *)gate->notes.lines;
    gate->verdict.n_notes = gate->notes.n;
    gate->verdict.n_processes = gate->collected.processes.n;
    gate->verdict.is_incomplete = gate->is_incomplete;
    gate->verdict.has_baseline = options->baseline != NULL;
    gate->verdict.colour = environment_page(stdout).colour;
    good = output_all(options->outputs, options->n_outputs, &gate->verdict);
    if (!options->quiet)
        sum_up(gate);
    if (options->gen_suppressions != NULL)
        good &= write_beside(options->gen_suppressions, suppression_write, leaks);
    if (options->update_baseline && gate->is_incomplete)
        complain("%s stays as it is: what must be looked at was not", options->baseline);
    else if (options->update_baseline)
        good &= write_beside(options->baseline, baseline_write, leaks);
    return good;
}

static char *join(char *const *words)
{
    char *line = must_format("%s", words[0]);

    for (size_t i = 1; words[i] != NULL; i++) {
        char *longer = must_format("%s %s", line, words[i]);

        free(line);
        line = longer;
    }
    return line;
}

/* The program's own failure wins, then leaks, then what could not be looked at. */
static int status_of(const struct gate *gate, const struct subject *subject)
{
    if (subject->status != 0)
        return subject->status;
    if (gate->verdict.n_failing > 0 && gate->options.exit_code != 0)
        return gate->options.exit_code;
    return gate->is_incomplete ? EXIT_LEAKTRACE : EXIT_FINE;
}

static int look(struct gate *gate, const struct subject *subject)
{
    const struct symbolize_options symbols = view_symbols_options(&gate->options.symbols);
    const struct collect_scope scope = {.folder = subject->folder,
                                        .growth = gate->options.growth,
                                        .only_pid = gate->options.pid,
                                        .main_pid = subject->pid,
                                        .since = subject->start,
                                        .symbols = &symbols};
    char why_buf[256] = "", *log = must_format("%s/log", subject->folder);
    struct text why = TEXT_ON(why_buf);

    gate->verdict.program_status = subject->status;
    if (collect_folder(&gate->collected, &scope, &gate->options.rules, &why) != 0)
        refuse(gate, subject->folder, why_buf);
    else
        check_coverage(gate, subject);
    gate->is_incomplete |= notes_add_log(&gate->notes, log);
    if (subject->pid != 0)
        leftovers_note(&gate->notes, subject->folder);
    free(log);
    if (gate->collected.dropped > 0)
        notes_add(&gate->notes,
                  "%lld events were dropped, so there may be more leaks; the option memory of the library bounds it",
                  (long long)gate->collected.dropped);
    judge(gate);
    gate->is_incomplete |= !show(gate);
    return status_of(gate, subject);
}

/* Until the program has ended. */
static void attend(struct gate *gate, struct launch *launch, const char *folder)
{
    if (gate->options.rounds.n == 0 && gate->options.rounds.mark_signal == 0)
        launch_wait(launch, -1);
    else
        gate->is_incomplete |= !rounds_drive(launch, &gate->options.rounds, folder);
    launch_finish(launch);
}

static int run_in(struct gate *gate, const char *library, const char *folder)
{
    char **argv = gate->options.program, *options = make_library_options(gate, folder), *line;
    enum program_verdict program = program_judge(argv[0], environment_path());
    struct timespec start;
    struct launch launch;
    int status;

    /* The clock that files are dated by. */
    clock_gettime(CLOCK_REALTIME_COARSE, &start);
    status = traced_start(argv, library, environment_preload(), options, program, &launch);
    if (status < 0) {
        attend(gate, &launch, folder);
        const struct subject subject = {.name = argv[0],
                                        .folder = folder,
                                        .pid = launch.pid,
                                        .start = start,
                                        .status = launch.status,
                                        .selective = is_selective(options),
                                        .missing = explain_no_dump(&launch, program)};

        gate->verdict.program = line = join(argv);
        status = look(gate, &subject);
        free(line);
    }
    free(options);
    return status;
}

static int run_gate(struct gate *gate)
{
    char why_buf[PATH_MAX + 256] = "", library[PATH_MAX], *folder;
    struct text why = TEXT_ON(why_buf);
    int status;

    if (library_find(environment_library(), library, &why) != 0) {
        complain("%s", why_buf);
        return EXIT_LEAKTRACE;
    }
    folder = gate_folder_make(gate->options.dir, environment_temporary());
    if (folder == NULL)
        return EXIT_LEAKTRACE;
    status = run_in(gate, library, folder);
    if (gate->options.dir == NULL)
        gate_folder_remove(folder);
    free(folder);
    return status;
}

static int judge_folder(struct gate *gate)
{
    const char *folder = gate->options.verdict;
    const struct subject subject = {
        .name = folder, .folder = folder, .selective = true, .missing = "there are no dumps in this folder to judge"};

    gate->verdict.program = folder;
    return look(gate, &subject);
}

static void release(struct gate *gate)
{
    suppression_release(&gate->suppressions);
    baseline_release(&gate->baseline);
    collect_release(&gate->collected);
    notes_release(&gate->notes);
    gate_options_release(&gate->options);
}

int cmd_gate(int argc, char **argv)
{
    struct gate gate = {.is_incomplete = false};
    time_t now = time(NULL);
    int status = gate_options_read(argc, argv, &gate.options);

    if (status >= 0)
        return status;
    strftime(gate.today, sizeof(gate.today), "%F", localtime(&now));
    if (!read_inputs(&gate))
        status = EXIT_USAGE;
    else
        status = gate.options.verdict != NULL ? judge_folder(&gate) : run_gate(&gate);
    release(&gate);
    return status;
}
