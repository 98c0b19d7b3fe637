/* Markdown as GitHub and GitLab show it, for the summary of a job: a table, and the stacks to be unfolded. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/format.h"
#include "gate/process.h"
#include "view/utf8.h"

#include <stdlib.h>
#include <string.h>

#define STACKS_MAX 50

/* Text for a cell: nothing in it is markup, or ends the row. */
static void put_text(FILE *out, const char *text)
{
    uint32_t character;

    while ((character = utf8_next(&text)) != 0) {
        if (character < ' ')
            putc(' ', out);
        else if (character < 0x80 && strchr("\\`*_{}[]<>()#+!|~&", (int)character) != NULL)
            fprintf(out, "&#%u;", character);
        else
            utf8_put(out, character);
    }
}

static void write_row(const struct leak *leak, FILE *out)
{
    char *what = leak_describe(leak), *where = leak_place(leak);
    const char **tests;
    size_t n = verdict_tests(leak, &tests);

    fputs("| ", out);
    put_text(out, what);
    fputs(" | ", out);
    put_text(out, where);
    fputs(" | ", out);
    for (size_t i = 0; i < n && i < 3; i++) {
        fputs(i == 0 ? "" : "; ", out);
        put_text(out, tests[i]);
    }
    if (n > 3)
        fprintf(out, "; and %zu more", n - 3);
    fprintf(out, " | %s |\n", leak->fingerprint.id);
    free(tests);
    free(where);
    free(what);
}

/* Inside <pre> only these three are markup. */
static void put_preformatted(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("&<>", *text) != NULL)
            fprintf(out, "&#%d;", *text);
        else
            putc(*text, out);
    }
}

static void write_stack(const struct leak *leak, FILE *out)
{
    char *where = leak_place(leak), *stack = format_stack(leak);

    fputs("\n<details><summary>", out);
    put_text(out, where);
    fputs("</summary><pre>\n", out);
    put_preformatted(out, stack);
    fputs("</pre></details>\n", out);
    free(stack);
    free(where);
}

void format_markdown(const struct verdict *verdict, FILE *out)
{
    char *summary = verdict_summary(verdict);
    size_t shown = 0;

    fputs("### leaktrace gate: ", out);
    put_text(out, summary);
    putc('\n', out);
    if (verdict->n_failing > 0)
        fputs("\n| leak | where | tests | fingerprint |\n| --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < verdict->leaks->n; i++)
        if (verdict->leaks->sorted[i]->fails)
            write_row(verdict->leaks->sorted[i], out);
    for (size_t i = 0; i < verdict->leaks->n && shown < STACKS_MAX; i++) {
        if (verdict->leaks->sorted[i]->fails) {
            write_stack(verdict->leaks->sorted[i], out);
            shown++;
        }
    }
    for (size_t i = 0; i < verdict->n_notes; i++) {
        fputs("\n- ", out);
        put_text(out, verdict->notes[i]);
    }
    fputs(verdict->n_notes > 0 ? "\n" : "", out);
    free(summary);
}
