/* The report as text. Owns nothing; called by `leaktrace report` and at the end of `leaktrace run`. */
#include "view/report.h"

#include "profile/profile.h"
#include "view/amount.h"
#include "view/chain.h"
#include "view/source_line.h"
#include "view/stack.h"
#include "view/units.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 5
#define GROUPS_MAX 3
#define CHAIN_LINES_MAX 4
#define WORST_INDENT 19
#define WORST_GROWTH_WIDTH 22
#define NS_PER_S ((int64_t)1000000000)

static void print_header(const struct report *report, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", report->program[0] == '\0' ? "an unknown program" : report->program);
    if (report->pid != 0)
        line_add(&line, LINE_PLAIN, ", pid %d", report->pid);
    if (report->seq[0] != '\0')
        line_add(&line, LINE_PLAIN, ", dump %s", report->seq);
    if (report->time_ns != 0)
        line_add(&line, LINE_PLAIN, ", %s", units_time(report->time_ns, &buf));
    line_print(&line, page);
    if (report->duration_ns > 0)
        line_add(&line, LINE_PLAIN, "traced for %s", units_duration(report->duration_ns, &buf));
    if (report->is_marked)
        line_add(&line, LINE_PLAIN, ", growth since the mark %s ago", units_duration(report->mark_ns, &buf));
    else if (line.n > 0)
        line_add(&line, LINE_PLAIN, ", no mark was set");
    if (line.n > 0)
        line_print(&line, page);
}

static void print_doubts(const struct report *report, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    if (report->dropped > 0) {
        line_add(&line, LINE_ALARM, "%s dropped events: figures can be wrong", units_count(report->dropped, &buf));
        line_print(&line, page);
    }
    if (report->truncated > 0) {
        line_add(&line, LINE_ALARM, "%s truncated stacks: their callers are missing", units_count(report->truncated, &buf));
        line_print(&line, page);
    }
    if (report->unattributed_fds > 0 || report->unattributed_threads > 0) {
        line_add(&line, LINE_PLAIN, "not in the figures, as their origin was not seen: %s fd%s",
                 units_count(report->unattributed_fds, &buf), report->unattributed_fds == 1 ? "" : "s");
        line_add(&line, LINE_PLAIN, ", %s thread%s", units_count(report->unattributed_threads, &buf),
                 report->unattributed_threads == 1 ? "" : "s");
        line_print(&line, page);
    }
}

static void add_amount(struct line *line, enum line_style style, const struct ranking *ranking,
                       const struct ranking_amount *amount)
{
    const struct amount_of of = {ranking->kind, ranking->has_bytes, ranking->by_bytes, amount->count, amount->bytes};

    amount_add(line, style, &of, "");
}

/* How fast, in the largest unit of time that has passed since the mark. */
static void add_rate(struct line *line, const struct report *report, const struct ranking *ranking, int64_t figure)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{3600 * NS_PER_S, "h"}, {60 * NS_PER_S, "min"}, {NS_PER_S, "s"}};
    struct units_text buf;
    double rate;
    size_t i = 0;

    while (i < sizeof(units) / sizeof(units[0]) && report->mark_ns < units[i].ns)
        i++;
    if (i == sizeof(units) / sizeof(units[0]))
        return;
    rate = (double)figure * (double)units[i].ns / (double)report->mark_ns;
    if (ranking->by_bytes)
        line_add(line, LINE_PLAIN, " (%s/%s)", units_bytes((int64_t)rate, &buf), units[i].name);
    else
        line_add(line, LINE_PLAIN, " (%.*f/%s)", rate < 10 ? 1 : 0, rate, units[i].name);
}

static void add_growth(struct line *line, const struct report *report, const struct ranking *ranking,
                       const struct ranking_amount *growth)
{
    int64_t figure = ranking_figure(ranking, growth);

    if (!ranking->has_growth || !report->is_marked)
        return;
    if (figure == 0 && growth->count == 0) {
        line_add(line, LINE_PLAIN, ", no growth");
        return;
    }
    line_add(line, LINE_PLAIN, ", ");
    amount_add_figure(line, LINE_ALARM, ranking->by_bytes, figure, "+");
    add_rate(line, report, ranking, figure);
}

/* ", age <1m", ", age <10m to >=1d" */
static void add_ages(struct line *line, const struct ranking_site *site)
{
    size_t youngest = 0, oldest = AGES_N;

    while (youngest < AGES_N && site->ages[youngest] == 0)
        youngest++;
    if (youngest == AGES_N)
        return;
    while (site->ages[oldest - 1] == 0)
        oldest--;
    line_add(line, LINE_PLAIN, ", age %s", ages_name(youngest));
    if (oldest - 1 > youngest)
        line_add(line, LINE_PLAIN, " to %s", ages_name(oldest - 1));
}

/* The site of a ranking that has grown most; NULL when none has. */
static const struct ranking_site *worst_of(const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->n_sites; i++)
        if (ranking_has_grown(ranking, &ranking->sites[i]))
            return &ranking->sites[i];
    return NULL;
}

/* One row: how fast the site that has grown most grows, and where it is. */
static void print_worst(const struct report *report, const struct ranking *ranking, const struct ranking_site *site,
                        const struct line_page *page)
{
    struct line line = {.n = 0};
    size_t growth_end = WORST_INDENT + WORST_GROWTH_WIDTH;
    char *name;

    line_add(&line, LINE_STRONG, "  grows: %-10s", ranking->kind);
    amount_add_figure(&line, LINE_ALARM, ranking->by_bytes, ranking_figure(ranking, &site->growth), "+");
    add_rate(&line, report, ranking, ranking_figure(ranking, &site->growth));
    line_add(&line, LINE_PLAIN, "%*s  ", line.n < growth_end ? (int)(growth_end - line.n) : 0, "");
    if (site->n_frames > 0) {
        name = chain_name_frame(site->frames[site->headline]);
        line_add(&line, LINE_STRONG, "%s", name);
        free(name);
    }
    line_print(&line, page);
}

/* What it all comes down to: the worst site of each kind, or that there is none. */
static void print_verdict(const struct report *report, const struct line_page *page)
{
    struct line line = {.n = 0};
    size_t n_known = 0, n_grown = 0, n_hidden = 0;

    for (size_t i = 0; i < report->n_rankings; i++) {
        const struct ranking_site *worst = worst_of(&report->rankings[i]);

        n_known += report->rankings[i].has_growth;
        n_hidden += report->rankings[i].n_hidden;
        if (worst != NULL && n_grown++ == 0)
            putc('\n', page->out);
        if (worst != NULL)
            print_worst(report, &report->rankings[i], worst, page);
    }
    if (n_known == 0 || n_grown > 0)
        return;
    putc('\n', page->out);
    line_add(&line, LINE_STRONG, n_hidden == 0 ? "  Nothing grows:" : "  Nothing shown grows:");
    line_add(&line, LINE_PLAIN, " nowhere have two or more come since the mark and stayed.");
    line_print(&line, page);
}

static void add_label(struct line *line, const struct profile_label *label)
{
    bool is_start = strcmp(label->key, RANKING_START_LABEL) == 0;

    line_add(line, LINE_PLAIN, "%s %s", is_start ? ", started in" : "", label->value);
}

static void print_groups(const struct ranking_site *site, size_t groups_max, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;
    int64_t others = 0;

    for (size_t i = 0; i < site->n_groups && i < groups_max; i++) {
        line_add(&line, LINE_PLAIN, "%*s%s \u00d7", INDENT, "", units_count(site->groups[i].count, &buf));
        for (size_t j = 0; j < site->groups[i].n_labels; j++)
            add_label(&line, &site->groups[i].labels[j]);
        line_print(&line, page);
    }
    for (size_t i = groups_max; i < site->n_groups; i++)
        __builtin_add_overflow(others, site->groups[i].count, &others);
    if (site->n_groups > groups_max) {
        line_add(&line, LINE_FAINT, "%*s%s \u00d7 \u2026", INDENT, "", units_count(others, &buf));
        line_print(&line, page);
    }
}

static void print_site(const struct report *report, const struct ranking *ranking, size_t at, bool brief,
                       const struct line_page *page)
{
    const struct ranking_site *site = &ranking->sites[at];
    char source[SOURCE_LINE_MAX];
    bool has_source = site->n_frames > 0 && source_line_read(site->frames[site->headline], report->time_ns, source);
    struct line line = {.n = 0};

    line_add(&line, LINE_STRONG, "%3zu. ", at + 1);
    add_amount(&line, LINE_STRONG, ranking, &site->live);
    line_add(&line, LINE_PLAIN, ", %.1f %%", ranking_share(ranking, site));
    add_growth(&line, report, ranking, &site->growth);
    add_ages(&line, site);
    line_print(&line, page);
    stack_print_with_source(site->frames, site->n_frames, site->headline, has_source ? source : NULL, INDENT,
                            brief ? 1 : CHAIN_LINES_MAX, page);
    print_groups(site, brief ? 1 : GROUPS_MAX, page);
}

/* How many sites a ranking has, and how many are not shown because nobody wants to see them. */
static void add_sites(struct line *line, const struct ranking *ranking)
{
    size_t n = ranking->n_sites + ranking->n_hidden;
    struct units_text buf;

    line_add(line, LINE_PLAIN, " live at %s site%s", units_count((int64_t)n, &buf), n == 1 ? "" : "s");
    if (ranking->n_hidden > 0)
        line_add(line, LINE_PLAIN, " (%s left out)", units_count((int64_t)ranking->n_hidden, &buf));
}

static void print_ranking(const struct report *report, const struct ranking *ranking, size_t top, bool brief,
                          const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", ranking->kind);
    if (ranking->n_sites + ranking->n_hidden == 0) {
        line_add(&line, LINE_PLAIN, ": nothing is live");
        line_print(&line, page);
        return;
    }
    line_add(&line, LINE_PLAIN, ": ");
    add_amount(&line, LINE_PLAIN, ranking, &ranking->live);
    add_sites(&line, ranking);
    add_growth(&line, report, ranking, &ranking->growth);
    line_print(&line, page);
    for (size_t i = 0; i < ranking->n_sites && i < top; i++)
        print_site(report, ranking, i, brief, page);
    if (ranking->n_sites > top) {
        line_add(&line, LINE_FAINT, "%*s\u2026 %s more site%s", INDENT, "",
                 units_count((int64_t)(ranking->n_sites - top), &buf), ranking->n_sites - top == 1 ? "" : "s");
        line_print(&line, page);
    }
}

void report_print(const struct report *report, const struct line_page *page, size_t top, bool brief)
{
    print_header(report, page);
    print_doubts(report, page);
    if (report->is_marked)
        print_verdict(report, page);
    for (size_t i = 0; i < report->n_rankings; i++) {
        putc('\n', page->out);
        print_ranking(report, &report->rankings[i], top, brief, page);
    }
}
