/* The options of `leaktrace gate`. Owns nothing. */
#include "gate/options.h"

#include "base/options.h"
#include "common.h"
#include "gate/growth.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
    CODE_LEAKS = 256,
    CODE_NO_HEAP,
    CODE_NO_FDS,
    CODE_THREADS,
    CODE_SUPPRESSIONS,
    CODE_NO_DEFAULT_SUPPRESSIONS,
    CODE_GEN_SUPPRESSIONS,
    CODE_BASELINE,
    CODE_UPDATE_BASELINE,
    CODE_FAIL_ON,
    CODE_FORMAT,
    CODE_EXITCODE,
    CODE_DIR,
    CODE_VERDICT,
    CODE_PID,
    CODE_GROWTH,
    CODE_ROUNDS,
    CODE_TRIGGER,
    CODE_WARMUP,
    CODE_MARK_AT_SIGNAL,
    CODE_GRACE,
};

static const struct option long_options[] = {
    {"leaks", required_argument, NULL, CODE_LEAKS},
    {"no-heap", no_argument, NULL, CODE_NO_HEAP},
    {"no-fds", no_argument, NULL, CODE_NO_FDS},
    {"threads", no_argument, NULL, CODE_THREADS},
    {"suppressions", required_argument, NULL, CODE_SUPPRESSIONS},
    {"no-default-suppressions", no_argument, NULL, CODE_NO_DEFAULT_SUPPRESSIONS},
    {"gen-suppressions", optional_argument, NULL, CODE_GEN_SUPPRESSIONS},
    {"baseline", required_argument, NULL, CODE_BASELINE},
    {"update-baseline", no_argument, NULL, CODE_UPDATE_BASELINE},
    {"fail-on", required_argument, NULL, CODE_FAIL_ON},
    {"format", required_argument, NULL, CODE_FORMAT},
    {"exitcode", required_argument, NULL, CODE_EXITCODE},
    {"dir", required_argument, NULL, CODE_DIR},
    {"verdict", required_argument, NULL, CODE_VERDICT},
    {"pid", required_argument, NULL, CODE_PID},
    {"growth", no_argument, NULL, CODE_GROWTH},
    {"rounds", required_argument, NULL, CODE_ROUNDS},
    {"trigger", required_argument, NULL, CODE_TRIGGER},
    {"warmup", required_argument, NULL, CODE_WARMUP},
    {"mark-at-signal", required_argument, NULL, CODE_MARK_AT_SIGNAL},
    {"grace", required_argument, NULL, CODE_GRACE},
    {"option", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char help[] = "Usage: leaktrace gate [OPTIONS] [--] PROGRAM [ARG...]\n"
                           "       leaktrace gate [OPTIONS] --verdict DIR\n"
                           "\n"
                           "Runs PROGRAM and all its children traced, and says by its exit status whether\n"
                           "they leak: the program's own failure as it is (128+n for signal n), 23 when it\n"
                           "succeeds but leaks, 2 for wrong usage, 3 when leaktrace could not look, 126 or\n"
                           "127 when PROGRAM cannot be run or found.\n"
                           "\n"
                           "What is a leak:\n"
                           "  --leaks definite|possible|all\n"
                           "      heap blocks that nothing points to, directly or through such blocks\n"
                           "      (definite, the default); also those that only something that may be a\n"
                           "      pointer points to (possible); all that was not freed\n"
                           "  --threads           also threads that nobody has joined, or that still run\n"
                           "  --no-fds            not descriptors, which count when the program itself has\n"
                           "                      opened them and they are not its standard streams\n"
                           "  --no-heap           not heap blocks\n"
                           "\n"
                           "What grows, in servers and loops, though something still points to it:\n"
                           "  --growth            what was acquired after the growth mark and is more after\n"
                           "                      each round, which is a dump; the program sets the mark and\n"
                           "                      makes the dumps by leaktrace_mark() and leaktrace_dump(),\n"
                           "                      at least 3, or:\n"
                           "  --rounds N          makes a dump of all processes after each of N rounds, and\n"
                           "                      then ends PROGRAM by SIGTERM, which is no failure; implies\n"
                           "                      --growth\n"
                           "  --trigger COMMAND   does a round's work, run by the shell; without it time\n"
                           "                      passes\n"
                           "  --grace SECONDS     from the work to the dump: what is younger need not be\n"
                           "                      given back (1)\n"
                           "  --warmup SECONDS    from the start to the mark (0)\n"
                           "  --mark-at-signal SIGNAL\n"
                           "      the mark is set when leaktrace gate gets this signal: HUP, USR1 or USR2\n"
                           "\n"
                           "What is known already:\n"
                           "  --suppressions FILE\n"
                           "      leak:PATTERN, fd:, thread:, mmap: as LeakSanitizer writes them, with max=N\n"
                           "      or until=YYYY-MM-DD behind the pattern; or valgrind's blocks. May be given\n"
                           "      again.\n"
                           "  --no-default-suppressions\n"
                           "      also what well-known libraries leave behind on purpose\n"
                           "  --gen-suppressions[=FILE]\n"
                           "      writes suppressions for all that fails\n"
                           "  --baseline FILE     leaks that were there before; one line each\n"
                           "  --update-baseline   writes FILE anew from this run, which then does not fail\n"
                           "  --fail-on new|growth|any\n"
                           "      what is not in the baseline (the default with --baseline); also what there\n"
                           "      is more of; everything\n"
                           "\n"
                           "The result:\n"
                           "  --format LIST       of text, json, sarif, junit, github, gitlab, markdown,\n"
                           "                      each maybe with =FILE; standard output is the default,\n"
                           "                      and so is text\n"
                           "  --exitcode N        instead of 23; 0 to report only\n"
                           "  --dir DIR           keeps the dumps there\n"
                           "  --verdict DIR       runs nothing: judges the last dump of each process in DIR,\n"
                           "                      made with the option leaks of the library; with --pid PID\n"
                           "                      of that one only\n"
                           "  -o, --option NAME=VALUE\n"
                           "      an option of the library, see leaktrace run --help; may be given again\n"
                           "  -q, --quiet         no notes, and no summary when all formats go to files\n"
                           "  --help\n";

/* The index of `word` in a list; a negative one after a complaint. */
static int choose(const char *option, const char *word, const char *const *list, int n, const char *shown)
{
    for (int i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    complain_usage("gate", "--%s takes %s, not '%s'", option, shown, word);
    return -1;
}

static bool set_leaks(struct gate_options *options, const char *word)
{
    static const char *const words[] = {"definite", "possible", "all"};
    int chosen = choose("leaks", word, words, 3, "definite, possible or all");

    options->rules.leaks = chosen < 0 ? SAMPLE_DEFINITE : (enum sample_leaks)chosen;
    return chosen >= 0;
}

static bool set_fail_on(struct gate_options *options, const char *word)
{
    static const char *const words[] = {"new", "growth", "any"};
    int chosen = choose("fail-on", word, words, 3, "new, growth or any");

    options->fail_on = chosen < 0 ? GATE_FAIL_ON_NEW : (enum gate_fail_on)chosen;
    options->fail_on_is_set = true;
    return chosen >= 0;
}

static bool set_exit_code(struct gate_options *options, const char *text)
{
    long code;

    if (!parse_decimal(text, 0, 255, &code))
        return complain_usage("gate", "--exitcode takes a number from 0 to 255, not '%s'", text) == EXIT_FINE;
    options->exit_code = (int)code;
    return true;
}

/* A number of seconds, maybe with a fraction, in milliseconds. */
static bool set_seconds(const char *option, const char *text, int *ret_ms)
{
    char *end;
    double seconds = strtod(text, &end);

    if (*text < '0' || *text > '9' || *end != '\0' || seconds > 86400)
        return complain_usage("gate", "--%s takes a number of seconds up to 86400, not '%s'", option, text) == EXIT_FINE;
    *ret_ms = (int)(seconds * 1000);
    return true;
}

static bool set_rounds(struct gate_options *options, const char *text)
{
    long n;

    if (!parse_decimal(text, GROWTH_ROUNDS_MIN, 1000, &n))
        return complain_usage("gate", "--rounds takes a number from %d to 1000, not '%s'", GROWTH_ROUNDS_MIN, text) ==
               EXIT_FINE;
    options->rounds.n = (unsigned)n;
    return true;
}

static bool set_mark_signal(struct gate_options *options, const char *text)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
    const char *name = begins_with(text, "SIG") ? text + 3 : text;

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcmp(name, signals[i].name) == 0)
            options->rounds.mark_signal = signals[i].number;
    return options->rounds.mark_signal != 0 ||
           complain_usage("gate", "--mark-at-signal takes HUP, USR1 or USR2, not '%s'", text) == EXIT_FINE;
}

static bool add_outputs(struct gate_options *options, const char *list)
{
    struct output *more;
    size_t n = output_parse(list, &more);

    if (n == 0)
        return false;
    options->outputs = must_grow(options->outputs, options->n_outputs + n, sizeof(*more));
    memcpy(options->outputs + options->n_outputs, more, n * sizeof(*more));
    options->n_outputs += n;
    free(more);
    return true;
}

static void add_suppressions(struct gate_options *options, const char *file)
{
    options->suppressions = must_grow(options->suppressions, options->n_suppressions + 1, sizeof(*options->suppressions));
    options->suppressions[options->n_suppressions++] = file;
}

static void complain_about(const char *line, void *context)
{
    (void)context;
    complain_usage("gate", "%s", line);
}

/* An option of the library: checked here, so that the program is not run in vain. */
static bool add_library_option(struct gate_options *options, const char *pair)
{
    struct options checked;
    char *longer;

    options_set_defaults(&checked);
    if (options_parse(&checked, pair, complain_about, NULL) != 0)
        return false;
    longer = must_format("%s%s%s", options->library, options->library[0] == '\0' ? "" : ":", pair);
    free(options->library);
    options->library = longer;
    return true;
}

/* False after a complaint. */
static bool take_option(struct gate_options *options, int code, const char *name)
{
    switch (code) {
    case CODE_LEAKS:
        return set_leaks(options, optarg);
    case CODE_FAIL_ON:
        return set_fail_on(options, optarg);
    case CODE_EXITCODE:
        return set_exit_code(options, optarg);
    case CODE_FORMAT:
        return add_outputs(options, optarg);
    case 'o':
        return add_library_option(options, optarg);
    case CODE_SUPPRESSIONS:
        add_suppressions(options, optarg);
        return true;
    case CODE_NO_DEFAULT_SUPPRESSIONS:
        options->no_default_suppressions = true;
        return true;
    case CODE_GEN_SUPPRESSIONS:
        options->gen_suppressions = optarg == NULL ? "-" : optarg;
        return true;
    case CODE_NO_HEAP:
        options->rules.heap = false;
        return true;
    case CODE_NO_FDS:
        options->rules.fds = false;
        return true;
    case CODE_THREADS:
        options->rules.threads = true;
        return true;
    case CODE_BASELINE:
        options->baseline = optarg;
        return true;
    case CODE_UPDATE_BASELINE:
        options->update_baseline = true;
        return true;
    case CODE_DIR:
        options->dir = optarg;
        return true;
    case CODE_GROWTH:
        options->growth = true;
        return true;
    case CODE_ROUNDS:
        return set_rounds(options, optarg);
    case CODE_TRIGGER:
        options->rounds.trigger = optarg;
        return true;
    case CODE_WARMUP:
        return set_seconds("warmup", optarg, &options->rounds.warmup_ms);
    case CODE_GRACE:
        return set_seconds("grace", optarg, &options->rounds.grace_ms);
    case CODE_MARK_AT_SIGNAL:
        return set_mark_signal(options, optarg);
    case CODE_VERDICT:
        options->verdict = optarg;
        return true;
    case CODE_PID:
        return parse_pid(optarg, &options->pid) ||
               complain_usage("gate", "--pid takes the number of a process, not '%s'", optarg) == EXIT_FINE;
    case 'q':
        options->quiet = true;
        return true;
    default:
        return complain_usage("gate", "'%s' is unknown or lacks its value", name) == EXIT_FINE;
    }
}

/* What only shows when all options are there. A negative result means that all is well. */
static int check(struct gate_options *options)
{
    if (options->update_baseline && options->baseline == NULL)
        return complain_usage("gate", "--update-baseline needs --baseline FILE");
    if (options->fail_on_is_set && options->fail_on != GATE_FAIL_ON_ANY && options->baseline == NULL)
        return complain_usage("gate", "--fail-on %s needs --baseline FILE",
                              options->fail_on == GATE_FAIL_ON_NEW ? "new" : "growth");
    if (!options->rules.heap && !options->rules.fds && !options->rules.threads)
        return complain_usage("gate", "with --no-heap and --no-fds nothing is left to be looked at; add --threads");
    if (options->rounds.trigger != NULL && options->rounds.n == 0)
        return complain_usage("gate", "--trigger needs --rounds N");
    options->growth |= options->rounds.n > 0 || options->rounds.warmup_ms > 0 || options->rounds.mark_signal != 0;
    if (options->verdict != NULL && options->program[0] != NULL)
        return complain_usage("gate", "--verdict runs no program, but there is '%s'", options->program[0]);
    if (options->verdict == NULL && options->pid != 0)
        return complain_usage("gate", "--pid needs --verdict DIR");
    if (options->verdict == NULL && options->program[0] == NULL)
        return complain_usage("gate", "a PROGRAM is missing");
    if (options->n_outputs == 0)
        add_outputs(options, "text");
    return -1;
}

int gate_options_read(int argc, char **argv, struct gate_options *ret_options)
{
    struct gate_options options = {.rules = {.heap = true, .fds = true},
                                   .rounds = {.grace_ms = 1000},
                                   .exit_code = EXIT_LEAKS,
                                   .library = must_format("%s", "")};
    int code, status = -1, before = optind;

    while (status < 0 && (code = getopt_long(argc, argv, "+ho:q", long_options, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            status = EXIT_FINE;
        } else if (!take_option(&options, code, argv[optind > before ? before : optind - 1])) {
            status = EXIT_USAGE;
        }
        before = optind;
    }
    options.program = argv + optind;
    if (status < 0)
        status = check(&options);
    if (status >= 0)
        gate_options_release(&options);
    else
        *ret_options = options;
    return status;
}

void gate_options_release(struct gate_options *options)
{
    output_release(options->outputs, options->n_outputs);
    free(options->suppressions);
    free(options->library);
}
