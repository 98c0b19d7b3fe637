/* The live view. Owns what is shown and chosen while it runs; called by cmd_top.c. */
#include "top/live.h"

#include "base/text.h"
#include "common.h"
#include "series/sites.h"
#include "top/feed.h"
#include "top/screen.h"
#include "top/terminal.h"
#include "view/line.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS 1000000ll
#define TICK_MS 1000 /* the age of the process goes on also when nothing else does */

struct live {
    struct feed *feed;
    struct sites sites;
    struct table table;
    char kind[64];   /* what is shown; empty: the first */
    uint64_t chosen; /* the key of a row; 0: the first */
    bool has_chosen;
    struct screen screen;
    char message[PATH_MAX + 256];
    bool colour;
    bool quit;
};

/* Finds the kind and the row again that were there before. */
static void rebuild(struct live *live)
{
    struct screen *screen = &live->screen;
    size_t at = 0;

    table_release(&live->table);
    screen->table = NULL;
    screen->chosen = 0;
    if (live->sites.n_kinds == 0)
        return;
    for (size_t i = 0; i < live->sites.n_kinds; i++)
        if (strcmp(live->sites.kinds[i].kind, live->kind) == 0)
            at = i;
    table_build(&live->sites.kinds[at], screen->window_ns, screen->order, &live->table);
    screen->table = &live->table;
    for (size_t i = 0; i < live->table.n_rows && live->has_chosen; i++)
        if (live->table.rows[i].key == live->chosen)
            screen->chosen = i;
    if (live->table.n_rows == 0)
        screen->shows_stack = false;
}

/* A look that fails leaves what is shown, and says so. */
static int look(struct live *live)
{
    struct text why = TEXT_ON(live->message);
    struct sites sites = {0};
    int ret;

    live->message[0] = '\0';
    ret = feed_refresh(live->feed, &why);
    if (ret == 0)
        ret = feed_sites(live->feed, &sites, &why);
    if (ret != 0)
        return ret;
    sites_release(&live->sites);
    live->sites = sites;
    live->screen.window_ns = feed_window_ns(live->feed);
    rebuild(live);
    return 0;
}

/* What can be scrolled over: rows, or the frames of one. */
static size_t length(const struct live *live)
{
    const struct screen *screen = &live->screen;

    if (screen->table == NULL || screen->table->n_rows == 0)
        return 0;
    return screen->shows_stack ? screen->table->rows[screen->chosen].site->n_frames : screen->table->n_rows;
}

/* Keeps the chosen row in sight, and no room empty that could be filled. */
static void scroll(struct live *live, size_t room)
{
    struct screen *screen = &live->screen;
    size_t n = length(live), last = n > room ? n - room : 0;

    if (!screen->shows_stack && screen->chosen < screen->first)
        screen->first = screen->chosen;
    if (!screen->shows_stack && screen->chosen >= screen->first + room)
        screen->first = screen->chosen - room + 1;
    if (screen->first > last)
        screen->first = last;
}

static void draw(struct live *live)
{
    struct line_page page = {.colour = live->colour};
    unsigned columns, lines;
    char *text = NULL;
    size_t len;

    terminal_size(&columns, &lines);
    page.width = columns < LINE_WIDTH_MIN ? LINE_WIDTH_MIN : columns > LINE_WIDTH_MAX ? LINE_WIDTH_MAX : columns;
    page.out = open_memstream(&text, &len);
    if (page.out == NULL)
        must_end();
    scroll(live, screen_room(lines));
    screen_print(&live->screen, &page, lines);
    if (fclose(page.out) != 0)
        must_end();
    terminal_show(text);
    free(text);
}

/* Moves by so many rows, as far as there are some. */
static void move(struct live *live, long by)
{
    struct screen *screen = &live->screen;
    size_t *at = screen->shows_stack ? &screen->first : &screen->chosen;
    long n = (long)length(live), to = (long)*at + by;

    if (n == 0)
        return;
    *at = (size_t)(to < 0 ? 0 : to >= n ? n - 1 : to);
    live->chosen = live->table.rows[screen->chosen].key;
    live->has_chosen = true;
}

/* The kind that many further on. */
static void change_kind(struct live *live, int by)
{
    size_t n = live->sites.n_kinds;

    for (size_t i = 0; i < n; i++)
        if (live->screen.table != NULL && &live->sites.kinds[i] == live->screen.table->kind) {
            snprintf(live->kind, sizeof(live->kind), "%s", live->sites.kinds[(i + n + (size_t)by) % n].kind);
            break;
        }
    live->has_chosen = false;
    live->screen.shows_stack = false;
    live->screen.first = 0;
    rebuild(live);
}

static void change_order(struct live *live)
{
    live->screen.order = (live->screen.order + 1) % TABLE_ORDER_MAX;
    rebuild(live);
}

static void show_stack(struct live *live, bool show)
{
    move(live, 0);
    live->screen.shows_stack = show && length(live) > 0;
    live->screen.first = 0;
}

static void act(struct live *live, int key, long page)
{
    switch (key) {
    case 'q':
    case TERMINAL_GONE:
        live->quit = true;
        break;
    case TERMINAL_UP:
    case TERMINAL_DOWN:
        move(live, key == TERMINAL_UP ? -1 : 1);
        break;
    case TERMINAL_PAGE_UP:
    case TERMINAL_PAGE_DOWN:
        move(live, key == TERMINAL_PAGE_UP ? -page : page);
        break;
    case TERMINAL_HOME:
    case TERMINAL_END:
        move(live, key == TERMINAL_HOME ? LONG_MIN / 2 : LONG_MAX / 2);
        break;
    case '\t':
    case TERMINAL_RIGHT:
    case TERMINAL_LEFT:
        change_kind(live, key == TERMINAL_LEFT ? -1 : 1);
        break;
    case '\n':
    case '\r':
    case TERMINAL_ESCAPE:
        show_stack(live, key != TERMINAL_ESCAPE);
        break;
    case ' ':
        live->screen.is_frozen = !live->screen.is_frozen;
        break;
    case 's':
        change_order(live);
        break;
    }
}

static int wait_ms(const struct live *live)
{
    int64_t left = (live->feed->next_ns - feed_now_ns()) / MS_NS;

    return live->screen.is_frozen || live->feed->has_ended || left > TICK_MS ? TICK_MS : left < 0 ? 0 : (int)left + 1;
}

static void run(struct live *live, long times)
{
    long looks = 1;

    while (!live->quit) {
        unsigned columns, lines;

        draw(live);
        terminal_size(&columns, &lines);
        act(live, terminal_read_key(wait_ms(live)), (long)screen_room(lines));
        if (live->quit || live->screen.is_frozen || live->feed->has_ended || feed_now_ns() < live->feed->next_ns)
            continue;
        live->quit = looks++ == times;
        if (!live->quit)
            look(live);
    }
}

int live_run(struct feed *feed, const char *kind, long times, bool colour)
{
    struct live live = {.feed = feed, .colour = colour};
    int ret;

    live.screen = (struct screen){.feed = feed, .sites = &live.sites, .message = live.message};
    if (kind != NULL)
        snprintf(live.kind, sizeof(live.kind), "%s", kind);
    ret = look(&live);
    if (ret != 0) {
        complain("%s", live.message);
        return EXIT_LEAKTRACE;
    }
    ret = terminal_open();
    if (ret == 0)
        run(&live, times);
    terminal_close();
    table_release(&live.table);
    sites_release(&live.sites);
    if (ret != 0)
        complain("the terminal cannot be used: %s", strerror(-ret));
    return ret == 0 ? EXIT_FINE : EXIT_LEAKTRACE;
}
