/*
 * Composing the page of `leaktrace flame`. Owns nothing; called by cmd_flame.c.
 *
 * page.html is its skeleton, with {{NAME}} where a part belongs. Everything that comes out of a dump goes through html.c,
 * or stands in packed data, whose letters mean nothing in HTML.
 */
#include "flame/page.h"

#include "common.h"
#include "flame/assets.h"
#include "flame/data.h"
#include "flame/html.h"
#include "flame/pack.h"
#include "flame/plain.h"
#include "profile/source.h"
#include "view/report.h"

#include <stdlib.h>
#include <string.h>

/* Both dumps, with growth and without. */
#define PARTS_MAX 4

static size_t add_parts(struct flame_part *parts, size_t n, const struct report *report, const char *kind, bool is_before)
{
    char *growth = must_format("%s%s", kind, SOURCE_GROWTH);

    /* Without a mark, growth is all that is live: a column of alarms that says nothing. */
    for (int is_growth = 0; is_growth <= report->is_marked; is_growth++)
        for (size_t i = 0; i < report->n_profiles; i++)
            if (strcmp(report->kinds[i], is_growth ? growth : kind) == 0) {
                parts[n++] = (struct flame_part){&report->profiles[i], is_growth, is_before};
                break;
            }
    free(growth);
    return n;
}

void flame_page_add(struct flame_page *page, const struct report *report, const struct report *before)
{
    struct flame_process *process;

    page->functions.arena = &page->arena;
    page->processes = must_grow(page->processes, page->n_processes + 1, sizeof(*page->processes));
    process = &page->processes[page->n_processes++];
    *process =
        (struct flame_process){.program = report->program, .pid = report->pid, .seq = report->seq, .time_ns = report->time_ns};
    if (before != NULL) {
        process->before = before->seq;
        process->before_ns = before->time_ns;
    }
    process->trees = must_take(&page->arena, report->n_rankings * sizeof(*process->trees));
    for (size_t i = 0; i < report->n_rankings; i++) {
        const char *kind = report->rankings[i].kind;
        struct flame_part parts[PARTS_MAX];
        size_t n = add_parts(parts, 0, report, kind, false);

        if (before != NULL)
            n = add_parts(parts, n, before, kind, true);
        flame_tree_build(&page->functions, kind, parts, n, &process->trees[process->n_trees++]);
    }
}

char *flame_page_name(const struct flame_process *process)
{
    char *name = process->pid > 0 ? must_format("%s (%d)", process->program, process->pid)
                                  : must_format("%s", process->program[0] == '\0' ? "a profile" : process->program);
    char *full;

    if (process->seq[0] == '\0')
        return name;
    if (process->before != NULL && process->before[0] != '\0')
        full = must_format("%s, dump %s against %s", name, process->seq, process->before);
    else
        full = must_format("%s, dump %s", name, process->seq);
    free(name);
    return full;
}

static void write_title(const struct flame_page *page, FILE *out)
{
    char *name = flame_page_name(&page->processes[0]);

    html_put(out, name);
    free(name);
    if (page->n_processes > 1)
        fprintf(out, " and %zu more", page->n_processes - 1);
}

static void write_style(const struct flame_page *page, FILE *out)
{
    (void)page;
    fputs(flame_css, out);
}

static void write_script(const struct flame_page *page, FILE *out)
{
    (void)page;
    fputs(flame_js, out);
}

static void write_data(const struct flame_page *page, FILE *out)
{
    char *bytes = NULL;
    size_t len;
    FILE *memory = open_memstream(&bytes, &len);

    if (memory == NULL)
        must_end();
    flame_data_write(page, memory);
    if (fclose(memory) != 0)
        must_end();
    pack_put(out, bytes, len);
    free(bytes);
}

static void write_part(const struct flame_page *page, const char *name, size_t len, FILE *out)
{
    static const struct {
        const char *name;
        void (*write)(const struct flame_page *page, FILE *out);
    } parts[] = {{"title", write_title},
                 {"style", write_style},
                 {"plain", flame_plain_write},
                 {"data", write_data},
                 {"script", write_script}};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strlen(parts[i].name) == len && memcmp(parts[i].name, name, len) == 0)
            parts[i].write(page, out);
}

void flame_page_write(const struct flame_page *page, FILE *out)
{
    const char *at = flame_html, *mark;

    while ((mark = strstr(at, "{{")) != NULL) {
        size_t len = strcspn(mark + 2, "}");

        fwrite(at, 1, (size_t)(mark - at), out);
        write_part(page, mark + 2, len, out);
        at = mark + 2 + len + strlen("}}");
    }
    fputs(at, out);
}

void flame_page_release(struct flame_page *page)
{
    free(page->processes);
    arena_release(&page->arena);
    *page = (struct flame_page){0};
}
