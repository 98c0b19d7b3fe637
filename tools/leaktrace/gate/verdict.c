/* What all formats say of a verdict. Owns nothing. */
#include "gate/verdict.h"

#include "common.h"
#include "gate/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *verdict_word(const struct verdict *verdict)
{
    return verdict->n_failing > 0 ? "leaks" : verdict->is_incomplete ? "incomplete" : "clean";
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

char *verdict_summary(const struct verdict *verdict)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        must_end();
    if (verdict->n_failing == 0)
        fputs(verdict->is_incomplete ? "incomplete, no leaks found" : "no leaks", out);
    else
        fprintf(out, "%zu leak%s", verdict->n_failing, plural(verdict->n_failing));
    fprintf(out, " in %zu process%s", verdict->n_processes, verdict->n_processes == 1 ? "" : "es");
    if (verdict->n_known > 0)
        fprintf(out, ", %zu more in the baseline", verdict->n_known);
    if (verdict->n_suppressed > 0)
        fprintf(out, ", %zu suppressed", verdict->n_suppressed);
    if (fclose(out) != 0)
        must_end();
    return text;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t verdict_tests(const struct leak *leak, const char ***ret_tests)
{
    const char **tests = must_grow(NULL, leak->n_processes, sizeof(*tests));
    size_t n = 0, unique = 0;

    for (size_t i = 0; i < leak->n_processes; i++)
        if (leak->processes[i]->test[0] != '\0')
            tests[n++] = leak->processes[i]->test;
    if (n > 0)
        qsort(tests, n, sizeof(*tests), compare_texts);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(tests[i], tests[unique - 1]) != 0)
            tests[unique++] = tests[i];
    *ret_tests = tests;
    return unique;
}
