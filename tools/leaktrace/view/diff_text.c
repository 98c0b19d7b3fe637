/* A comparison as text. Owns nothing; called by cmd_diff.c. */
#include "view/diff.h"

#include "view/amount.h"
#include "view/stack.h"
#include "view/units.h"

#include <string.h>

#define INDENT 5
#define CHAIN_LINES_MAX 2

static void print_moment(const char *which, const struct moment *moment, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_PLAIN, "%s: ", which);
    line_add(&line, LINE_STRONG, "%s", moment->program[0] == '\0' ? "an unknown program" : moment->program);
    if (moment->pid != 0)
        line_add(&line, LINE_PLAIN, ", pid %d", moment->pid);
    if (moment->seq[0] != '\0')
        line_add(&line, LINE_PLAIN, ", dump %s", moment->seq);
    if (moment->time_ns != 0)
        line_add(&line, LINE_PLAIN, ", %s", units_time(moment->time_ns, &buf));
    line_print(&line, page);
}

static void print_header(const struct diff *diff, const struct line_page *page)
{
    const int64_t dropped = diff->old.dropped > diff->new.dropped ? diff->old.dropped : diff->new.dropped;
    struct line line = {.n = 0};
    struct units_text buf;

    print_moment("old", &diff->old, page);
    print_moment("new", &diff->new, page);
    if (diff->old.time_ns != 0 && diff->new.time_ns >= diff->old.time_ns) {
        line_add(&line, LINE_PLAIN, "%s later", units_duration(diff->new.time_ns - diff->old.time_ns, &buf));
        line_print(&line, page);
    } else if (diff->new.time_ns != 0 && diff->old.time_ns != 0) {
        line_add(&line, LINE_ALARM, "the new dump is %s older than the old one",
                 units_duration(diff->old.time_ns - diff->new.time_ns, &buf));
        line_print(&line, page);
    }
    if (dropped > 0) {
        line_add(&line, LINE_ALARM, "%s dropped events: figures can be wrong", units_count(dropped, &buf));
        line_print(&line, page);
    }
}

static struct amount_of amount_of(const struct sites_kind *kind, const struct sites_amount *amount)
{
    return (struct amount_of){kind->kind, kind->has_bytes, kind->by_bytes, amount->count, amount->bytes};
}

/* "1.0 MiB -> 7.0 MiB" */
static void add_ends(struct line *line, const struct sites_kind *kind, const struct diff_change *change)
{
    amount_add_figure(line, LINE_PLAIN, kind->by_bytes, sites_figure(kind, &change->old), "");
    line_add(line, LINE_PLAIN, " \u2192 ");
    amount_add_figure(line, LINE_PLAIN, kind->by_bytes, sites_figure(kind, &change->new), "");
}

static void print_site(const struct sites_kind *kind, const struct diff_site *changed, size_t at, const struct line_page *page)
{
    const struct sites_site *site = changed->site;
    const struct diff_change *change = &changed->change;
    const struct amount_of by = amount_of(kind, &change->by);
    struct line line = {.n = 0};

    line_add(&line, LINE_STRONG, "%3zu. ", at + 1);
    amount_add(&line, sites_figure(kind, &change->by) > 0 ? LINE_ALARM : LINE_STRONG, &by, "+");
    line_add(&line, LINE_PLAIN, ", ");
    add_ends(&line, kind, change);
    if (change->old.count == 0 && change->old.bytes == 0)
        line_add(&line, LINE_PLAIN, ", new");
    if (change->new.count == 0 && change->new.bytes == 0)
        line_add(&line, LINE_PLAIN, ", gone");
    line_print(&line, page);
    stack_print(site->frames, site->n_frames, site->headline, INDENT, CHAIN_LINES_MAX, page);
}

/* What the sites that are not shown add up to. */
static void print_rest(const struct diff_kind *kind, size_t top, const struct line_page *page)
{
    struct sites_amount sum = {0};
    struct line line = {.n = 0};
    struct units_text buf;

    if (kind->n_sites <= top)
        return;
    for (size_t i = top; i < kind->n_sites; i++) {
        __builtin_add_overflow(sum.count, kind->sites[i].change.by.count, &sum.count);
        __builtin_add_overflow(sum.bytes, kind->sites[i].change.by.bytes, &sum.bytes);
    }
    line_add(&line, LINE_FAINT, "%*s\u2026 %s more site%s: ", INDENT, "", units_count((int64_t)(kind->n_sites - top), &buf),
             kind->n_sites - top == 1 ? "" : "s");
    amount_add_figure(&line, LINE_FAINT, kind->kind->by_bytes, sites_figure(kind->kind, &sum), "+");
    line_print(&line, page);
}

static void print_kind(const struct diff_kind *kind, size_t top, const struct line_page *page)
{
    const struct amount_of by = amount_of(kind->kind, &kind->total.by);
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", kind->kind->kind);
    line_add(&line, LINE_PLAIN, ": ");
    if (kind->n_sites == 0) {
        line_add(&line, LINE_PLAIN, "nothing has changed at %s site%s", units_count((int64_t)kind->n_unchanged, &buf),
                 kind->n_unchanged == 1 ? "" : "s");
        line_print(&line, page);
        return;
    }
    amount_add(&line, LINE_PLAIN, &by, "+");
    line_add(&line, LINE_PLAIN, ", ");
    add_ends(&line, kind->kind, &kind->total);
    line_add(&line, LINE_PLAIN, ", %s of ", units_count((int64_t)kind->n_sites, &buf));
    line_add(&line, LINE_PLAIN, "%s sites", units_count((int64_t)(kind->n_sites + kind->n_unchanged), &buf));
    line_print(&line, page);
    for (size_t i = 0; i < kind->n_sites && i < top; i++)
        print_site(kind->kind, &kind->sites[i], i, page);
    print_rest(kind, top, page);
}

void diff_print(const struct diff *diff, const struct line_page *page, size_t top)
{
    print_header(diff, page);
    for (size_t i = 0; i < diff->n_kinds; i++) {
        putc('\n', page->out);
        print_kind(&diff->kinds[i], top, page);
    }
}
