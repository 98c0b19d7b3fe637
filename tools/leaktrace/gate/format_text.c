/* The result for people. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/process.h"
#include "view/chain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 32 /* in all; of longer stacks the first and the last */
#define FRAMES_LAST 8
#define NAMES_MAX 8 /* of processes and tests in one line */

static void print_frame(const struct leak *leak, size_t at, struct line *line, const struct line_page *page)
{
    char *name = chain_name_frame(leak->frames[at]);

    line_add(line, LINE_PLAIN, "    #%zu ", at);
    line_add(line, at == leak->headline ? LINE_STRONG : LINE_PLAIN, "%s", name);
    line_add(line, LINE_FAINT, "  %s", places_base_name(leak->frames[at]->module));
    line_print(line, page);
    free(name);
}

static void print_stack(const struct leak *leak, struct line *line, const struct line_page *page)
{
    size_t n = leak->n_frames, first = n > FRAMES_MAX ? FRAMES_MAX - FRAMES_LAST : n;

    for (size_t i = 0; i < first; i++)
        print_frame(leak, i, line, page);
    if (first == n)
        return;
    line_add(line, LINE_FAINT, "    ... %zu more frames", n - FRAMES_MAX);
    line_print(line, page);
    for (size_t i = n - FRAMES_LAST; i < n; i++)
        print_frame(leak, i, line, page);
}

static void print_rounds(const struct leak *leak, size_t n_rounds, struct line *line, const struct line_page *page)
{
    if (leak->rounds == NULL)
        return;
    line_add(line, LINE_PLAIN, "    after each round:");
    for (size_t i = 0; i < n_rounds; i++)
        line_add(line, LINE_PLAIN, " %" PRId64, leak->rounds[i].count);
    line_print(line, page);
}

static void print_processes(const struct leak *leak, struct line *line, const struct line_page *page)
{
    line_add(line, LINE_FAINT, "    in %zu process%s:", leak->n_processes, leak->n_processes == 1 ? "" : "es");
    for (size_t i = 0; i < leak->n_processes && i < NAMES_MAX; i++)
        line_add(line, LINE_FAINT, " %s.%d", leak->processes[i]->exe, leak->processes[i]->pid);
    if (leak->n_processes > NAMES_MAX)
        line_add(line, LINE_FAINT, " ...");
    line_print(line, page);
}

static void print_tests(const struct leak *leak, struct line *line, const struct line_page *page)
{
    const char **tests;
    size_t n = verdict_tests(leak, &tests);

    for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
        line_add(line, LINE_PLAIN, "    test %s", tests[i]);
        line_print(line, page);
    }
    if (n > NAMES_MAX) {
        line_add(line, LINE_FAINT, "    ... %zu more tests", n - NAMES_MAX);
        line_print(line, page);
    }
    free(tests);
}

static void print_leak(const struct verdict *verdict, const struct leak *leak, const struct line_page *page)
{
    struct line line = {.n = 0};
    char *what = leak_describe(leak), *where = leak_place(leak);

    line_add(&line, LINE_ALARM, "%s", what);
    line_add(&line, LINE_STRONG, ": %s", where);
    if (verdict->has_baseline)
        line_add(&line, LINE_PLAIN, " [%s]",
                 leak->baseline == LEAK_MORE ? "more than in the baseline" : leak_baseline_names[leak->baseline]);
    line_print(&line, page);
    print_stack(leak, &line, page);
    print_rounds(leak, verdict->leaks->n_rounds, &line, page);
    print_tests(leak, &line, page);
    print_processes(leak, &line, page);
    line_add(&line, LINE_FAINT, "    fingerprint %s", leak->fingerprint.id);
    line_print(&line, page);
    line_print(&line, page);
    free(what);
    free(where);
}

void format_text(const struct verdict *verdict, FILE *out)
{
    /* A name that is cut helps nobody in the log of a build. */
    const struct line_page page = {.out = out, .width = LINE_WIDTH_MAX, .colour = out == stdout && verdict->colour};
    char *summary = verdict_summary(verdict);
    struct line line = {.n = 0};

    for (size_t i = 0; i < verdict->leaks->n; i++)
        if (verdict->leaks->sorted[i]->fails)
            print_leak(verdict, verdict->leaks->sorted[i], &page);
    for (size_t i = 0; out != stdout && i < verdict->n_notes; i++) {
        line_add(&line, LINE_PLAIN, "note: %s", verdict->notes[i]);
        line_print(&line, &page);
    }
    line_add(&line, verdict->n_failing > 0 ? LINE_ALARM : LINE_STRONG, "leaktrace gate: %s", summary);
    line_print(&line, &page);
    free(summary);
}
