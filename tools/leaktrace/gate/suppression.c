/* Applying suppressions. Owns nothing; called by the gate. */
#include "gate/suppression.h"

#include "common.h"
#include "gate/pattern.h"

#include <stdlib.h>
#include <string.h>

/* Of valgrind, whose stacks begin with the function that was called; leaktrace's begin with its caller. */
static bool is_allocator(const char *pattern)
{
    static const char *const names[] = {"malloc",
                                        "calloc",
                                        "realloc",
                                        "memalign",
                                        "posix_memalign",
                                        "aligned_alloc",
                                        "valloc",
                                        "pvalloc",
                                        "reallocarray",
                                        "_Znwm",
                                        "_Znam",
                                        "_ZnwmSt11align_val_t",
                                        "_ZnamSt11align_val_t",
                                        "_ZnwmRKSt9nothrow_t",
                                        "_ZnamRKSt9nothrow_t"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (pattern_is_all(pattern, names[i]))
            return true;
    return false;
}

static bool line_matches(const struct suppression_line *line, const struct places_frame *frame)
{
    switch (line->field) {
    case SUPPRESSION_FUNCTION:
        return pattern_is_all(line->pattern, frame->symbol) || pattern_is_all(line->pattern, frame->function);
    case SUPPRESSION_MODULE:
        return pattern_is_all(line->pattern, frame->module);
    case SUPPRESSION_SOURCE:
        return (line->line == 0 || line->line == frame->line) &&
               (pattern_is_all(line->pattern, frame->file) || pattern_is_all(line->pattern, places_base_name(frame->file)));
    default:
        return false;
    }
}

/* Valgrind's way: from the leaf on, line by line; frames behind the last line do not matter. As in pattern.c, "..." that
   does not lead to a match is lengthened. */
static bool lines_match(const struct suppression *suppression, size_t first, const struct leak *leak)
{
    size_t line = first, frame = 0, dots = suppression->n_lines, behind = 0;

    while (line < suppression->n_lines) {
        if (suppression->lines[line].field == SUPPRESSION_ANY) {
            dots = line++;
            behind = frame;
        } else if (frame < leak->n_frames && line_matches(&suppression->lines[line], leak->frames[frame])) {
            line++;
            frame++;
        } else if (dots < suppression->n_lines && behind < leak->n_frames) {
            line = dots + 1;
            frame = ++behind;
        } else {
            return false;
        }
    }
    return true;
}

static bool block_matches(const struct suppression *suppression, const struct leak *leak)
{
    const struct suppression_line *line = suppression->lines;
    bool begins_with_allocator = leak->kind == LEAK_HEAP && suppression->n_lines > 0 && line->field == SUPPRESSION_FUNCTION &&
                                 is_allocator(line->pattern);

    return lines_match(suppression, 0, leak) || (begins_with_allocator && lines_match(suppression, 1, leak));
}

static bool pattern_matches(const char *pattern, const struct leak *leak)
{
    for (size_t i = 0; i < leak->n_frames; i++) {
        const struct places_frame *frame = leak->frames[i];

        if (pattern_is_in(pattern, frame->function) || pattern_is_in(pattern, frame->file) ||
            pattern_is_in(pattern, frame->module))
            return true;
    }
    return false;
}

bool suppression_matches(const struct suppression *suppression, const struct leak *leak)
{
    if (suppression->kind != leak->kind || (suppression->classes & 1u << leak->class) == 0)
        return false;
    return suppression->pattern != NULL ? pattern_matches(suppression->pattern, leak) : block_matches(suppression, leak);
}

bool suppression_has_expired(const struct suppression *suppression, const char *today)
{
    return suppression->until != NULL && strcmp(today, suppression->until) > 0;
}

/* The first that matches and still holds. */
static struct suppression *find(const struct suppressions *suppressions, const struct leak *leak, const char *today)
{
    for (struct suppression *suppression = suppressions->first; suppression != NULL; suppression = suppression->next)
        if (!suppression_has_expired(suppression, today) && suppression_matches(suppression, leak))
            return suppression;
    return NULL;
}

static bool is_exceeded(const struct suppression *suppression)
{
    return suppression->max >= 0 && suppression->matched > suppression->max;
}

void suppression_apply(struct suppressions *suppressions, const struct leaks *leaks, const char *today)
{
    struct suppression **by = must_grow(NULL, leaks->n, sizeof(*by));

    for (size_t i = 0; i < leaks->n; i++) {
        by[i] = find(suppressions, leaks->sorted[i], today);
        if (by[i] != NULL)
            by[i]->matched += leaks->sorted[i]->amount.count;
    }
    for (size_t i = 0; i < leaks->n; i++)
        leaks->sorted[i]->suppressed_by = by[i] == NULL || is_exceeded(by[i]) ? NULL : by[i]->text;
    free(by);
}

void suppression_write(FILE *out, const struct leaks *leaks)
{
    static const char *const prefixes[LEAK_KIND_MAX] = {"leak", "fd", "thread", "mmap"};

    for (size_t i = 0; i < leaks->n; i++) {
        const struct leak *leak = leaks->sorted[i];
        const struct places_frame *frame = leak_headline(leak);
        char *what;

        if (!leak->fails || frame == NULL)
            continue;
        what = leak_describe(leak);
        fprintf(out, "# %s: %s\n", what, leak->fingerprint.stack);
        if (frame->symbol[0] == '\0')
            fprintf(out, "%s:%s\n", prefixes[leak->kind], places_base_name(frame->module));
        else
            fprintf(out, "%s:^%.*s%s\n", prefixes[leak->kind], (int)strcspn(frame->function, "$*"), frame->function,
                    strpbrk(frame->function, "$*") == NULL ? "$" : "");
        free(what);
    }
}

void suppression_release(struct suppressions *suppressions)
{
    arena_release(&suppressions->arena);
}
