/* The tables of sites. Owns nothing; called by page.c. */
#include "flame/plain.h"

#include "common.h"
#include "flame/html.h"
#include "flame/page.h"
#include "profile/columns.h"
#include "view/places.h"
#include "view/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SITES_MAX 50

static const char *figure(const struct flame_column *column, int64_t value, struct units_text *buf)
{
    return strcmp(column->unit, "bytes") == 0 ? units_bytes(value, buf) : units_count(value, buf);
}

static void write_figure(const struct flame_tree *tree, const struct flame_site *site, size_t column, FILE *out)
{
    int64_t change = columns_subtract(site->values[column], site->befores[column]);
    struct units_text buf;

    fprintf(out, "<td class=\"number\">%s", figure(&tree->columns[column], site->values[column], &buf));
    if (change != 0 && tree->has_before)
        fprintf(out, " (%s%s)", change > 0 ? "+" : "", figure(&tree->columns[column], change, &buf));
    fputs("</td>", out);
}

static void write_site(const struct flame_page *page, const struct flame_tree *tree, const struct flame_site *site, FILE *out)
{
    const struct flame_function *function = &page->functions.rows[site->function];

    fputs("<tr>", out);
    for (size_t i = 0; i < tree->n_columns; i++)
        write_figure(tree, site, i, out);
    fputs("<td><b>", out);
    html_put(out, function->name);
    fputs("</b> <span class=\"faint\">", out);
    html_put(out, function->file[0] != '\0' ? function->file : places_base_name(function->module));
    if (function->file[0] != '\0' && site->line > 0)
        fprintf(out, ":%" PRId64, site->line);
    fputs("</span></td></tr>\n", out);
}

static void write_table(const struct flame_page *page, const struct flame_tree *tree, FILE *out)
{
    fputs("<h3>", out);
    html_put(out, tree->kind);
    fputs("</h3>\n<table class=\"sites\"><thead><tr>", out);
    for (size_t i = 0; i < tree->n_columns; i++) {
        fputs("<th class=\"number\">", out);
        html_put(out, tree->columns[i].type);
        fprintf(out, "%s</th>", tree->columns[i].is_growth ? " since the mark" : "");
    }
    fputs("<th>site</th></tr></thead><tbody>\n", out);
    for (size_t i = 0; i < tree->n_sites && i < SITES_MAX; i++)
        write_site(page, tree, &tree->sites[i], out);
    fputs("</tbody></table>\n", out);
    if (tree->n_sites > SITES_MAX)
        fprintf(out, "<p class=\"faint\">and %zu more sites</p>\n", tree->n_sites - SITES_MAX);
}

void flame_plain_write(const struct flame_page *page, FILE *out)
{
    for (size_t i = 0; i < page->n_processes; i++) {
        const struct flame_process *process = &page->processes[i];
        char *name = flame_page_name(process);

        fputs("<h2>", out);
        html_put(out, name);
        fputs("</h2>\n", out);
        free(name);
        for (size_t j = 0; j < process->n_trees; j++)
            write_table(page, &process->trees[j], out);
    }
}
