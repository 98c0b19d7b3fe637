/*
 * JUnit's XML, as Jenkins and others read it: a test case for each leak, whose name stays the same from run to run. What fails
 * is a failure, what is suppressed or in the baseline is skipped, and a program without leaks is one case that passes. Owns
 * nothing.
 */
#include "gate/output.h"

#include "common.h"
#include "gate/format.h"
#include "gate/process.h"
#include "view/utf8.h"

#include <stdlib.h>

static void put_escaped(FILE *out, const char *text)
{
    uint32_t character;

    while ((character = utf8_next(&text)) != 0) {
        if (character == '&' || character == '<' || character == '>' || character == '"' || character == '\n' ||
            character == '\t')
            fprintf(out, "&#%u;", character);
        else
            utf8_put(out, character < ' ' || character == 0xfffe || character == 0xffff ? UTF8_REPLACEMENT : character);
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_escaped(out, value);
    putc('"', out);
}

static void write_failure(const struct leak *leak, FILE *out)
{
    char *what = leak_describe(leak), *where = leak_place(leak), *stack = format_stack(leak);
    char *message = must_format("%s: %s", what, where);
    const char **tests;
    size_t n_tests = verdict_tests(leak, &tests);

    fputs("      <failure", out);
    put_attribute(out, "message", message);
    put_attribute(out, "type", leak_class_names[leak->class]);
    putc('>', out);
    put_escaped(out, stack);
    for (size_t i = 0; i < n_tests; i++) {
        fputs("test ", out);
        put_escaped(out, tests[i]);
        putc('\n', out);
    }
    fputs("</failure>\n", out);
    free(tests);
    free(message);
    free(stack);
    free(where);
    free(what);
}

static void write_case(const struct verdict *verdict, size_t at, FILE *out)
{
    const struct leak *leak = verdict->leaks->sorted[at];
    char *class = must_format("leaktrace.%s", leak_kind_names[leak->kind]);
    char *name = format_stable_name(verdict, at);

    fputs("    <testcase", out);
    put_attribute(out, "classname", class);
    put_attribute(out, "name", name);
    fputs(">\n", out);
    if (leak->fails) {
        write_failure(leak, out);
    } else {
        fputs("      <skipped", out);
        put_attribute(out, "message", leak->suppressed_by != NULL ? leak->suppressed_by : "known");
        fputs("/>\n", out);
    }
    fputs("    </testcase>\n", out);
    free(name);
    free(class);
}

/* The program as a whole: it passes when there is nothing else to be said, and is an error when it could not be looked at. */
static void write_program(const struct verdict *verdict, FILE *out)
{
    fputs("    <testcase classname=\"leaktrace\" name=\"the program was looked at\">\n", out);
    if (verdict->is_incomplete)
        fputs("      <error message=\"what must be looked at was not\" type=\"incomplete\"/>\n", out);
    fputs("    </testcase>\n", out);
}

void format_junit(const struct verdict *verdict, FILE *out)
{
    size_t n = verdict->leaks->n, skipped = n - verdict->n_failing;

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite", out);
    put_attribute(out, "name", "leaktrace gate");
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\">\n", n + 1, verdict->n_failing,
            verdict->is_incomplete, skipped);
    fputs("    <properties>\n      <property name=\"program\"", out);
    put_attribute(out, "value", verdict->program);
    fputs("/>\n    </properties>\n", out);
    write_program(verdict, out);
    for (size_t i = 0; i < n; i++)
        write_case(verdict, i, out);
    fputs("  </testsuite>\n</testsuites>\n", out);
}
