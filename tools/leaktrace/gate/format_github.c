/* GitHub's workflow commands: each leak that fails becomes an annotation. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/format.h"
#include "gate/process.h"
#include "view/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A command is one line: what would end it, or its properties, is written in percent. */
static void put_escaped(FILE *out, const char *text, const char *special)
{
    uint32_t character;

    while ((character = utf8_next(&text)) != 0) {
        if (character < 0x80 && (character < ' ' || character == '%' || strchr(special, (int)character) != NULL))
            fprintf(out, "%%%02X", character);
        else
            utf8_put(out, character);
    }
}

static void put_property(FILE *out, const char *text)
{
    put_escaped(out, text, ":,");
}

static void put_data(FILE *out, const char *text)
{
    put_escaped(out, text, "");
}

static void write_annotation(const struct leak *leak, FILE *out)
{
    char *what = leak_describe(leak), *where = leak_place(leak), *stack = format_stack(leak);
    struct format_source source = format_source_of_leak(leak);
    const char **tests;
    size_t n_tests = verdict_tests(leak, &tests);

    fputs("::error ", out);
    if (source.is_known) {
        fputs("file=", out);
        put_property(out, source.path);
        fprintf(out, ",line=%" PRId64 ",", source.line);
    }
    fputs("title=", out);
    put_property(out, what);
    fputs("::", out);
    put_data(out, where);
    put_data(out, "\n");
    put_data(out, stack);
    for (size_t i = 0; i < n_tests; i++) {
        put_data(out, "test ");
        put_data(out, tests[i]);
        put_data(out, "\n");
    }
    fprintf(out, "fingerprint %s\n", leak->fingerprint.id);
    free(tests);
    free(source.path);
    free(stack);
    free(where);
    free(what);
}

void format_github(const struct verdict *verdict, FILE *out)
{
    char *summary = verdict_summary(verdict);

    for (size_t i = 0; i < verdict->leaks->n; i++)
        if (verdict->leaks->sorted[i]->fails)
            write_annotation(verdict->leaks->sorted[i], out);
    for (size_t i = 0; i < verdict->n_notes; i++) {
        fputs("::warning title=leaktrace::", out);
        put_data(out, verdict->notes[i]);
        putc('\n', out);
    }
    fputs("::notice title=leaktrace gate::", out);
    put_data(out, summary);
    putc('\n', out);
    free(summary);
}
