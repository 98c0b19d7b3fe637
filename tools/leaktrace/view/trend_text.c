/* Trends as text. Owns nothing; called by cmd_trend.c. */
#include "view/trend.h"

#include "view/amount.h"
#include "view/sparkline.h"
#include "view/stack.h"
#include "view/units.h"

#include <math.h>
#include <string.h>

#define INDENT 5
#define CHAIN_LINES_MAX 2
#define BESIDE_PICTURE 40 /* characters that a line needs beside a sparkline */
#define PICTURE_MIN 10
#define NS_PER_H 3.6e12
#define HOURS_MAX (100 * 365.25 * 24)

/* Figures of a profile can be as large as they like. */
static int64_t rounded(double value)
{
    return value >= 9e18 ? INT64_MAX : value <= -9e18 ? INT64_MIN : llround(value);
}

static const char *duration(double hours, struct units_text *buf)
{
    if (hours > HOURS_MAX)
        return "more than 100 years";
    return units_duration((int64_t)(hours * NS_PER_H), buf);
}

static void print_header(const struct trend *trend, const struct line_page *page)
{
    const struct series_chain *chain = trend->chain;
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", trend->last->program[0] == '\0' ? "an unknown program" : trend->last->program);
    if (trend->last->pid != 0 && chain->n_lives == 1)
        line_add(&line, LINE_PLAIN, ", pid %d", trend->last->pid);
    if (chain->n_lives > 1)
        line_add(&line, LINE_PLAIN, ", %s lives", units_count((int64_t)chain->n_lives, &buf));
    line_print(&line, page);
    line_add(&line, LINE_PLAIN, "%s dump%s", units_count((int64_t)chain->n_dumps, &buf), chain->n_dumps == 1 ? "" : "s");
    line_add(&line, LINE_PLAIN, " in %s", units_duration(trend->last->time_ns - trend->first->time_ns, &buf));
    line_add(&line, LINE_PLAIN, ", the last %s", units_time(trend->last->time_ns, &buf));
    line_print(&line, page);
    if (trend->dropped > 0) {
        line_add(&line, LINE_ALARM, "%s dropped events: figures can be wrong", units_count(trend->dropped, &buf));
        line_print(&line, page);
    }
}

/* "growing, +1.1 MiB/h", "saturating at 7.0 MiB, +3.1 KiB/h", "flat" */
static void add_verdict(struct line *line, const struct trend_kind *kind, const struct trend_site *site)
{
    const struct verdict *verdict = &site->verdict;
    enum line_style style = verdict->kind == VERDICT_GROWING ? LINE_ALARM : LINE_STRONG;
    struct units_text buf;

    line_add(line, style, "%s", verdict_names[verdict->kind]);
    if (verdict->kind == VERDICT_SATURATING)
        line_add(line, LINE_PLAIN, " at %s",
                 kind->kind->by_bytes ? units_bytes(rounded(verdict->level), &buf)
                                      : units_count(rounded(verdict->level), &buf));
    if (verdict->per_hour == 0)
        return;
    line_add(line, LINE_PLAIN, ", ");
    if (kind->kind->by_bytes || fabs(verdict->per_hour) >= 100)
        amount_add_figure(line, style, kind->kind->by_bytes, rounded(verdict->per_hour), "+");
    else
        line_add(line, style, "%+.3g", verdict->per_hour);
    line_add(line, style, "/h");
}

static void add_limit(struct line *line, const struct trend_kind *kind, const struct trend_site *site)
{
    double hours = trend_hours_left(kind, site);
    struct units_text buf;

    if (isnan(hours))
        return;
    line_add(line, LINE_PLAIN, "%s at the limit of ", site->site == NULL ? "" : ",");
    amount_add_figure(line, LINE_PLAIN, kind->kind->by_bytes, kind->limit, "");
    line_add(line, LINE_PLAIN, " in %s", duration(hours, &buf));
}

static void print_picture(const struct trend *trend, const struct trend_kind *kind, const struct trend_site *site,
                          const struct line_page *page)
{
    size_t width = page->width < BESIDE_PICTURE + PICTURE_MIN ? PICTURE_MIN : page->width - BESIDE_PICTURE;
    char picture[SPARKLINE_MAX + 1];
    struct line line = {.n = 0};

    width = width < SPARKLINE_MAX ? width : SPARKLINE_MAX;
    trend_draw(trend, kind, site, width, picture);
    line_add(&line, LINE_PLAIN, "%*s%s  ", INDENT, "", picture);
    amount_add_figure(&line, LINE_PLAIN, kind->kind->by_bytes, site->first, "");
    line_add(&line, LINE_PLAIN, " \u2192 ");
    amount_add_figure(&line, LINE_PLAIN, kind->kind->by_bytes, site->last, "");
    line_print(&line, page);
}

static void print_site(const struct trend *trend, const struct trend_kind *kind, size_t at, const struct line_page *page)
{
    const struct trend_site *site = &kind->sites[at];
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%3zu. ", at + 1);
    add_verdict(&line, kind, site);
    if (site->verdict.kind == VERDICT_LOAD)
        line_add(&line, LINE_PLAIN, " (correlation %.2f)", site->verdict.load_correlation);
    if (!isnan(site->verdict.since_hours))
        line_add(&line, LINE_PLAIN, ", %s %s ago", site->verdict.kind == VERDICT_STOPPED ? "until" : "since",
                 duration(trend->chain->dumps[trend->chain->n_dumps - 1].hours - site->verdict.since_hours, &buf));
    add_limit(&line, kind, site);
    line_print(&line, page);
    print_picture(trend, kind, site, page);
    stack_print(site->site->frames, site->site->n_frames, site->site->headline, INDENT, CHAIN_LINES_MAX, page);
}

/* Whether a site is worth more than to be counted. */
static bool is_shown(const struct trend_site *site)
{
    return site->verdict.kind < VERDICT_FLAT && !(site->verdict.kind == VERDICT_UNCLEAR && site->verdict.per_hour <= 0);
}

/* How many sites are not shown, by verdict. */
static void print_rest(const struct trend_kind *kind, size_t n_shown, const struct line_page *page)
{
    size_t counts[VERDICT_MAX] = {0}, n_kinds = 0;
    struct line line = {.n = 0};
    struct units_text buf;

    if (n_shown == kind->n_sites)
        return;
    for (size_t i = n_shown; i < kind->n_sites; i++)
        counts[kind->sites[i].verdict.kind]++;
    line_add(&line, LINE_FAINT, "%*s\u2026 %s more site%s:", INDENT, "", units_count((int64_t)(kind->n_sites - n_shown), &buf),
             kind->n_sites - n_shown == 1 ? "" : "s");
    for (size_t i = 0; i < VERDICT_MAX; i++)
        if (counts[i] > 0)
            line_add(&line, LINE_FAINT, "%s %s %s", n_kinds++ == 0 ? "" : ",", units_count((int64_t)counts[i], &buf),
                     verdict_names[i]);
    line_print(&line, page);
}

/* How many of the sites grow, plainly also when none does. */
static void add_growing(struct line *line, const struct trend_kind *kind)
{
    size_t growing = kind->counts[VERDICT_GROWING];
    struct units_text buf;

    if (growing == 0 && kind->counts[VERDICT_UNCLEAR] > 0) {
        line_add(line, LINE_PLAIN, "; too few dumps to tell, five of a process are enough");
        return;
    }
    if (growing == 0) {
        line_add(line, LINE_STRONG, "; no site grows");
        return;
    }
    line_add(line, LINE_ALARM, "; %s", units_count((int64_t)growing, &buf));
    line_add(line, LINE_ALARM, " of %s sites grow%s", units_count((int64_t)kind->n_sites, &buf), growing == 1 ? "s" : "");
}

static void print_kind(const struct trend *trend, const struct trend_kind *kind, size_t top, const struct line_page *page)
{
    struct line line = {.n = 0};
    size_t n_shown = 0;

    line_add(&line, LINE_STRONG, "%s", kind->kind->kind);
    line_add(&line, LINE_PLAIN, ": ");
    if (kind->n_sites == 0) {
        line_add(&line, LINE_PLAIN, "nothing was ever live");
        line_print(&line, page);
        return;
    }
    add_verdict(&line, kind, &kind->total);
    add_growing(&line, kind);
    line_print(&line, page);
    if (!isnan(trend_hours_left(kind, &kind->total))) {
        line_add(&line, LINE_PLAIN, "%*sin all", INDENT, "");
        add_limit(&line, kind, &kind->total);
        line_print(&line, page);
    }
    print_picture(trend, kind, &kind->total, page);
    for (; n_shown < kind->n_sites && n_shown < top && is_shown(&kind->sites[n_shown]); n_shown++)
        print_site(trend, kind, n_shown, page);
    print_rest(kind, n_shown, page);
}

void trend_print(const struct trend *trend, const struct line_page *page, size_t top)
{
    print_header(trend, page);
    for (size_t i = 0; i < trend->n_kinds; i++) {
        putc('\n', page->out);
        print_kind(trend, &trend->kinds[i], top, page);
    }
}
