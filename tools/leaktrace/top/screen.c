/* The views of `leaktrace top`. Owns nothing; called by cmd_top.c. */
#include "top/screen.h"

#include "common.h"
#include "series/sites.h"
#include "top/feed.h"
#include "view/amount.h"
#include "view/chain.h"
#include "view/line.h"
#include "view/places.h"
#include "view/units.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000ll
/* Lines that are no rows: the process, the kinds, the heads of columns, and the keys. */
#define FIXED_LINES 4
#define CALLERS_MAX 3
#define FIGURE_WIDTH 11
#define GROWTH_WIDTH 13

size_t screen_room(unsigned lines)
{
    return lines > FIXED_LINES ? lines - FIXED_LINES : 1;
}

static int64_t realtime_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static const char *figure(const struct sites_kind *kind, int64_t value, struct units_text *buf)
{
    return kind->by_bytes ? units_bytes(value, buf) : units_count(value, buf);
}

static void add_kind(struct line *line, const struct sites_kind *kind)
{
    const struct sites_amount now = sites_at(&kind->totals, FEED_NEWEST);
    struct units_text buf;

    line_add(line, LINE_PLAIN, "%s %s", kind->kind, figure(kind, sites_figure(kind, &now), &buf));
}

/* "exporter (4711), 3 min: heap 22.8 KiB, fd 27, thread 12" */
static void print_head(const struct feed *feed, const struct sites *sites, const struct line_page *page)
{
    const struct status *status = &feed->target.status;
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_STRONG, "%s", status->exe);
    line_add(&line, LINE_PLAIN, " (%d)", feed->pid);
    if (status->start_ns > 0)
        line_add(&line, LINE_PLAIN, ", %s", units_duration(realtime_ns() - status->start_ns, &buf));
    for (size_t i = 0; i < sites->n_kinds; i++) {
        line_add(&line, LINE_PLAIN, "%s", i == 0 ? ": " : ", ");
        add_kind(&line, &sites->kinds[i]);
    }
    line_print(&line, page);
}

/* The kinds, the one in hand marked, and how the growth was measured. */
static void print_tabs(const struct screen *screen, const struct line_page *page)
{
    struct line line = {.n = 0};
    struct units_text buf;

    for (size_t i = 0; i < screen->sites->n_kinds; i++) {
        const struct sites_kind *kind = &screen->sites->kinds[i];
        bool is_shown = screen->table != NULL && kind == screen->table->kind;

        line_add(&line, is_shown ? LINE_CHOSEN : LINE_PLAIN, is_shown ? "[%s]" : " %s ", kind->kind);
        line_add(&line, LINE_PLAIN, " ");
    }
    if (screen->message[0] != '\0')
        line_add(&line, LINE_ALARM, "%s", screen->message);
    else if (screen->is_frozen)
        line_add(&line, LINE_ALARM, "frozen");
    else if (screen->window_ns > 0)
        line_add(&line, LINE_FAINT, "growth of the last %s", units_duration(screen->window_ns, &buf));
    if (screen->message[0] == '\0' && !screen->is_frozen && screen->feed->period_ns > screen->feed->least_period_ns)
        line_add(&line, LINE_FAINT, "; asked every %s, to cost the process less than 1 %%",
                 units_duration(screen->feed->period_ns, &buf));
    line_print(&line, page);
}

static void print_titles(const char *before, enum table_order order, const struct line_page *page)
{
    static const char *const titles[TABLE_ORDER_MAX] = {
        [TABLE_BY_LIVE] = "LIVE", [TABLE_BY_GROWTH] = "GROWTH/MIN", [TABLE_BY_TOTAL] = "TOTAL"};
    struct line line = {.n = 0};

    line_add(&line, LINE_FAINT, "%s", before);
    line_add(&line, order == TABLE_BY_LIVE ? LINE_STRONG : LINE_FAINT, "%*s", FIGURE_WIDTH, titles[TABLE_BY_LIVE]);
    line_add(&line, order == TABLE_BY_GROWTH ? LINE_STRONG : LINE_FAINT, "%*s", GROWTH_WIDTH, titles[TABLE_BY_GROWTH]);
    line_add(&line, order == TABLE_BY_TOTAL ? LINE_STRONG : LINE_FAINT, "%*s", FIGURE_WIDTH, titles[TABLE_BY_TOTAL]);
    line_add(&line, LINE_FAINT, "  SITE");
    line_print(&line, page);
}

/* The headline, and who called it. */
static void add_site(struct line *line, enum line_style style, const struct sites_site *site)
{
    char *name;

    if (site->n_frames == 0) {
        line_add(line, style, "(no stack)");
        return;
    }
    name = chain_name_frame(site->frames[site->headline]);
    line_add(line, style, "%s", name);
    free(name);
    for (size_t i = site->headline + 1; i < site->n_frames && i <= site->headline + CALLERS_MAX; i++)
        line_add(line, LINE_FAINT, " \u2190 %s", site->frames[i]->function);
}

static void add_figures(struct line *line, const struct table *table, const struct table_row *row, int64_t window_ns)
{
    struct units_text live, growth, total;
    char *change = must_format("%s%s", row->growth > 0 ? "+" : "", figure(table->kind, row->growth, &growth));

    line_add(line, LINE_PLAIN, "%*s", FIGURE_WIDTH, figure(table->kind, row->live, &live));
    line_add(line, row->growth > 0 ? LINE_ALARM : LINE_PLAIN, "%*s", GROWTH_WIDTH, window_ns > 0 ? change : "-");
    line_add(line, LINE_PLAIN, "%*s  ", FIGURE_WIDTH, table->kind->has_acquired ? units_count(row->total, &total) : "-");
    free(change);
}

static void print_row(const struct screen *screen, size_t at, const struct line_page *page)
{
    const struct table_row *row = &screen->table->rows[at];
    bool is_chosen = at == screen->chosen;
    struct line line = {.n = 0};

    line_add(&line, is_chosen ? LINE_CHOSEN : LINE_PLAIN, is_chosen ? ">" : " ");
    add_figures(&line, screen->table, row, screen->window_ns);
    add_site(&line, is_chosen ? LINE_CHOSEN : LINE_STRONG, row->site);
    line_print(&line, page);
}

static void print_rows(const struct screen *screen, const struct line_page *page, size_t room)
{
    print_titles(" ", screen->order, page);
    for (size_t i = screen->first; i < screen->first + room; i++)
        if (i < screen->table->n_rows)
            print_row(screen, i, page);
        else
            putc('\n', page->out);
}

/* One frame on a line, the leaf first. */
static void print_frame(const struct sites_site *site, size_t at, const struct line_page *page)
{
    const struct places_frame *frame = site->frames[at];
    char *name = chain_name_frame(frame);
    struct line line = {.n = 0};

    line_add(&line, LINE_FAINT, "%4zu  ", at + 1);
    line_add(&line, at == site->headline ? LINE_STRONG : frame->is_plumbing ? LINE_FAINT : LINE_PLAIN, "%s", name);
    if (frame->module[0] != '\0')
        line_add(&line, LINE_FAINT, "  %s", places_base_name(frame->module));
    line_print(&line, page);
    free(name);
}

static void print_stack(const struct screen *screen, const struct line_page *page, size_t room)
{
    const struct table_row *row = &screen->table->rows[screen->chosen];
    const struct sites_amount now = sites_at(&row->site->points, FEED_NEWEST);
    const struct sites_kind *kind = screen->table->kind;
    const struct amount_of live = {kind->kind, kind->has_bytes, kind->by_bytes, now.count, now.bytes};
    struct line line = {.n = 0};
    struct units_text buf;

    line_add(&line, LINE_PLAIN, "live ");
    amount_add(&line, LINE_STRONG, &live, "");
    if (screen->window_ns > 0) {
        line_add(&line, LINE_PLAIN, ", a minute ");
        line_add(&line, row->growth > 0 ? LINE_ALARM : LINE_PLAIN, "%s%s", row->growth > 0 ? "+" : "",
                 figure(kind, row->growth, &buf));
    }
    if (kind->has_acquired)
        line_add(&line, LINE_PLAIN, ", ever %s", units_count(row->total, &buf));
    line_print(&line, page);
    for (size_t i = screen->first; i < screen->first + room; i++)
        if (i < row->site->n_frames)
            print_frame(row->site, i, page);
        else
            putc('\n', page->out);
}

static void print_keys(const struct screen *screen, const struct line_page *page)
{
    static const char table[] = "q quit  Tab kind  \u2191\u2193 choose  Enter stack  Space freeze  s order";
    static const char stack[] = "q quit  \u2191\u2193 scroll  Esc back to the table  Space freeze";
    struct line line = {.n = 0};

    line_add(&line, LINE_FAINT, "%s", screen->shows_stack ? stack : table);
    line_print(&line, page);
}

void screen_print(const struct screen *screen, const struct line_page *page, unsigned lines)
{
    size_t room = screen_room(lines);

    print_head(screen->feed, screen->sites, page);
    print_tabs(screen, page);
    if (screen->table == NULL || screen->table->n_rows == 0) {
        for (size_t i = 0; i < room + 1; i++)
            fputs(i == 1 && screen->table != NULL ? "  nothing is live\n" : "\n", page->out);
    } else if (screen->shows_stack) {
        print_stack(screen, page, room);
    } else {
        print_rows(screen, page, room);
    }
    print_keys(screen, page);
}

static void print_plain_rows(const struct table *table, int64_t window_ns, size_t top, const struct line_page *page)
{
    for (size_t i = 0; i < table->n_rows && i < top; i++) {
        struct line line = {.n = 0};

        line_add(&line, LINE_PLAIN, "%-9s", table->kind->kind);
        add_figures(&line, table, &table->rows[i], window_ns);
        add_site(&line, LINE_PLAIN, table->rows[i].site);
        line_print(&line, page);
    }
}

void screen_print_plain(const struct feed *feed, const struct sites *sites, const char *only_kind, size_t top,
                        const struct line_page *page)
{
    print_head(feed, sites, page);
    print_titles("KIND     ", TABLE_ORDER_MAX, page);
    for (size_t i = 0; i < sites->n_kinds; i++) {
        struct table table;

        if (only_kind != NULL && strcmp(sites->kinds[i].kind, only_kind) != 0)
            continue;
        table_build(&sites->kinds[i], feed_window_ns(feed), TABLE_BY_GROWTH, &table);
        print_plain_rows(&table, feed_window_ns(feed), top, page);
        table_release(&table);
    }
    putc('\n', page->out);
    fflush(page->out);
}
