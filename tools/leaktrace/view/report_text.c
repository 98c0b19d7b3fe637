/* The report as text. Owns nothing; called by `leaktrace report` and at the end of `leaktrace run`. */
#include "view/report.h"

#include "profile/profile.h"
#include "view/amount.h"
#include "view/stack.h"
#include "view/units.h"

#define INDENT 5
#define GROUPS_MAX 3
#define CHAIN_LINES_MAX 4

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
    if (report->mark_ns > 0)
        line_add(&line, LINE_PLAIN, "%sgrowth since the mark %s ago", line.n > 0 ? ", " : "",
                 units_duration(report->mark_ns, &buf));
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
        line_add(&line, LINE_ALARM, "%s truncated stacks: their callers are missing",
                 units_count(report->truncated, &buf));
        line_print(&line, page);
    }
    if (report->unattributed_fds > 0 || report->unattributed_threads > 0) {
        line_add(&line, LINE_PLAIN, "not in the figures, as their origin was not seen: %s fds",
                 units_count(report->unattributed_fds, &buf));
        line_add(&line, LINE_PLAIN, ", %s threads", units_count(report->unattributed_threads, &buf));
        line_print(&line, page);
    }
}

static void add_amount(struct line *line, enum line_style style, const struct ranking *ranking,
                       const struct ranking_amount *amount)
{
    const struct amount_of of = {ranking->kind, ranking->has_bytes, ranking->by_bytes, amount->count, amount->bytes};

    amount_add(line, style, &of, "");
}

static void add_growth(struct line *line, const struct ranking *ranking, const struct ranking_amount *growth)
{
    int64_t figure = ranking_figure(ranking, growth);

    if (!ranking->has_growth)
        return;
    if (figure == 0 && growth->count == 0) {
        line_add(line, LINE_PLAIN, ", no growth");
        return;
    }
    line_add(line, LINE_PLAIN, ", ");
    amount_add_figure(line, LINE_ALARM, ranking->by_bytes, figure, "+");
    line_add(line, LINE_PLAIN, " since the mark");
}

static void print_groups(const struct ranking_site *site, size_t groups_max, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;
    int64_t others = 0;

    for (size_t i = 0; i < site->n_groups && i < groups_max; i++) {
        line_add(&line, LINE_PLAIN, "%*s%s \u00d7", INDENT, "", units_count(site->groups[i].count, &buf));
        for (size_t j = 0; j < site->groups[i].n_labels; j++)
            line_add(&line, LINE_PLAIN, " %s", site->groups[i].labels[j].value);
        line_print(&line, page);
    }
    for (size_t i = groups_max; i < site->n_groups; i++)
        __builtin_add_overflow(others, site->groups[i].count, &others);
    if (site->n_groups > groups_max) {
        line_add(&line, LINE_FAINT, "%*s%s \u00d7 \u2026", INDENT, "", units_count(others, &buf));
        line_print(&line, page);
    }
}

static void print_site(const struct ranking *ranking, size_t at, bool brief, const struct line_page *page)
{
    const struct ranking_site *site = &ranking->sites[at];
    struct line line = {.n = 0};

    line_add(&line, LINE_STRONG, "%3zu. ", at + 1);
    add_amount(&line, LINE_STRONG, ranking, &site->live);
    line_add(&line, LINE_PLAIN, ", %.1f %%", ranking_share(ranking, site));
    add_growth(&line, ranking, &site->growth);
    line_print(&line, page);
    stack_print(site->frames, site->n_frames, site->headline, INDENT, brief ? 1 : CHAIN_LINES_MAX, page);
    print_groups(site, brief ? 1 : GROUPS_MAX, page);
}

static void print_ranking(const struct ranking *ranking, size_t top, bool brief, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", ranking->kind);
    if (ranking->n_sites == 0) {
        line_add(&line, LINE_PLAIN, ": nothing is live");
        line_print(&line, page);
        return;
    }
    line_add(&line, LINE_PLAIN, ": ");
    add_amount(&line, LINE_PLAIN, ranking, &ranking->live);
    line_add(&line, LINE_PLAIN, " live at %s site%s", units_count((int64_t)ranking->n_sites, &buf),
             ranking->n_sites == 1 ? "" : "s");
    add_growth(&line, ranking, &ranking->growth);
    line_print(&line, page);
    for (size_t i = 0; i < ranking->n_sites && i < top; i++)
        print_site(ranking, i, brief, page);
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
    for (size_t i = 0; i < report->n_rankings; i++) {
        putc('\n', page->out);
        print_ranking(&report->rankings[i], top, brief, page);
    }
}
