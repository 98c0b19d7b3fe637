/* Reading suppressions. Owns nothing; called by the gate before the program is started. */
#include "gate/suppression.h"

#include "base/text.h"
#include "common.h"
#include "profile/inflate.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16ul << 20)
#define ALL_CLASSES ((1u << LEAK_CLASS_MAX) - 1)

struct parser {
    struct suppressions *suppressions;
    const char *file;
    unsigned line;
    struct suppression *block; /* the valgrind block that is being read; NULL: none */
    bool is_skipped;           /* it is not about leaks */
    bool is_named;
    bool is_typed;
    struct text *why;
};

static int refuse(struct parser *parser, const char *what, const char *shown)
{
    text_format(parser->why, "%s:%u: %s", parser->file, parser->line, what);
    if (shown != NULL)
        text_format(parser->why, ": '%s'", shown);
    return -EINVAL;
}

static struct suppression *make(struct parser *parser, enum leak_kind kind)
{
    struct suppression *suppression = must_take(&parser->suppressions->arena, sizeof(*suppression));

    suppression->file = parser->file;
    suppression->line = parser->line;
    suppression->kind = kind;
    suppression->classes = ALL_CLASSES;
    suppression->max = -1;
    return suppression;
}

static void keep(struct suppressions *suppressions, struct suppression *suppression)
{
    if (suppressions->last != NULL)
        suppressions->last->next = suppression;
    else
        suppressions->first = suppression;
    suppressions->last = suppression;
}

static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    if (strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return strncmp(text + 5, "00", 2) > 0 && strncmp(text + 5, "12", 2) <= 0 && strncmp(text + 8, "00", 2) > 0 &&
           strncmp(text + 8, "31", 2) <= 0;
}

/* Takes ` max=N` and ` until=DATE` off the end of the pattern. */
static int take_conditions(struct parser *parser, struct suppression *suppression, char *pattern)
{
    for (char *word; (word = strrchr(pattern, ' ')) != NULL;) {
        long max;

        if (begins_with(word + 1, "max=")) {
            if (!parse_decimal(word + 5, 0, LONG_MAX, &max))
                return refuse(parser, "max takes a number", word + 5);
            suppression->max = max;
        } else if (begins_with(word + 1, "until=")) {
            if (!is_date(word + 7))
                return refuse(parser, "until takes a date such as 2026-12-31", word + 7);
            suppression->until = must_copy(&parser->suppressions->arena, word + 7);
        } else {
            return 0;
        }
        while (word > pattern && word[-1] == ' ')
            word--;
        *word = '\0';
    }
    return 0;
}

static int take_template(struct parser *parser, char *line)
{
    static const struct {
        const char *prefix;
        enum leak_kind kind;
    } types[] = {{"leak:", LEAK_HEAP}, {"fd:", LEAK_FD}, {"thread:", LEAK_THREAD}, {"mmap:", LEAK_MMAP}};
    struct arena *arena = &parser->suppressions->arena;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct suppression *suppression;
        char *pattern;
        int ret;

        if (!begins_with(line, types[i].prefix))
            continue;
        suppression = make(parser, types[i].kind);
        suppression->text = must_copy(arena, line);
        pattern = must_copy(arena, line + strlen(types[i].prefix));
        ret = take_conditions(parser, suppression, pattern);
        if (ret == 0 && *pattern == '\0')
            ret = refuse(parser, "a pattern is missing", line);
        suppression->pattern = pattern;
        if (ret == 0)
            keep(parser->suppressions, suppression);
        return ret;
    }
    return refuse(parser, "neither leak:, fd:, thread: or mmap: nor a block of valgrind's", line);
}

/* "Memcheck:Leak" and its like: several tools may be named. Blocks about other errors are passed over. */
static void take_type(struct parser *parser, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *error = colon == NULL ? line : colon + 1;

    parser->is_typed = true;
    parser->is_skipped = strcmp(error, "Leak") != 0 && strcmp(error, "FdNotClosed") != 0;
    if (strcmp(error, "FdNotClosed") == 0)
        parser->block->kind = LEAK_FD;
}

static int take_leak_kinds(struct parser *parser, char *list)
{
    unsigned classes = 0;

    for (char *rest = list, *word; (word = strsep(&rest, ", ")) != NULL;) {
        unsigned class = LEAK_DEFINITE;

        if (*word == '\0' || strcmp(word, "none") == 0)
            continue;
        if (strcmp(word, "all") == 0) {
            classes = ALL_CLASSES;
            continue;
        }
        while (class <= LEAK_REACHABLE && strcmp(word, leak_class_names[class]) != 0)
            class ++;
        if (class > LEAK_REACHABLE)
            return refuse(parser, "match-leak-kinds takes definite, indirect, possible, reachable, all or none", word);
        classes |= 1u << class;
    }
    parser->block->classes = classes;
    return 0;
}

static void add_line(struct parser *parser, enum suppression_field field, const char *pattern, int64_t source_line)
{
    struct arena *arena = &parser->suppressions->arena;
    struct suppression *block = parser->block;

    block->lines =
        arena_grow(arena, block->lines, block->n_lines * sizeof(*block->lines), (block->n_lines + 1) * sizeof(*block->lines));
    if (block->lines == NULL)
        must_end();
    block->lines[block->n_lines++] = (struct suppression_line){field, must_copy(arena, pattern), source_line};
}

static int take_frame(struct parser *parser, char *line)
{
    long source_line = 0;
    char *colon;

    if (strcmp(line, "...") == 0) {
        add_line(parser, SUPPRESSION_ANY, line, 0);
    } else if (begins_with(line, "fun:")) {
        add_line(parser, SUPPRESSION_FUNCTION, line + 4, 0);
    } else if (begins_with(line, "obj:")) {
        add_line(parser, SUPPRESSION_MODULE, line + 4, 0);
    } else if (begins_with(line, "src:")) {
        colon = strrchr(line + 4, ':');
        if (colon != NULL && parse_decimal(colon + 1, 1, LONG_MAX, &source_line))
            *colon = '\0';
        add_line(parser, SUPPRESSION_SOURCE, line + 4, source_line);
    } else if (begins_with(line, "match-leak-kinds:")) {
        return take_leak_kinds(parser, line + strlen("match-leak-kinds:"));
    } else {
        return refuse(parser, "no line of a block of valgrind's", line);
    }
    return 0;
}

/* A line between "{" and "}": the name, the type, and then frames. */
static int take_block_line(struct parser *parser, char *line)
{
    if (strcmp(line, "}") == 0) {
        if (!parser->is_typed)
            return refuse(parser, "a block has neither name nor type", NULL);
        if (!parser->is_skipped)
            keep(parser->suppressions, parser->block);
        parser->block = NULL;
        return 0;
    }
    if (!parser->is_named) {
        parser->is_named = true;
        parser->block->text = must_copy(&parser->suppressions->arena, line);
        return 0;
    }
    if (!parser->is_typed) {
        take_type(parser, line);
        return 0;
    }
    return parser->is_skipped ? 0 : take_frame(parser, line);
}

static int take_line(struct parser *parser, char *line)
{
    size_t len = strlen(line);

    while (len > 0 && isspace((unsigned char)line[len - 1]))
        line[--len] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    if (*line == '\0' || *line == '#')
        return 0;
    if (parser->block != NULL)
        return take_block_line(parser, line);
    if (strcmp(line, "{") != 0)
        return take_template(parser, line);
    parser->block = make(parser, LEAK_HEAP);
    parser->is_skipped = parser->is_named = parser->is_typed = false;
    return 0;
}

int suppression_read_text(struct suppressions *suppressions, const char *file, const char *text, struct text *ret_why)
{
    struct parser parser = {.suppressions = suppressions, .why = ret_why};
    char *copy = must_format("%s", text), *rest = copy, *line;
    int ret = 0;

    parser.file = file == NULL ? NULL : must_copy(&suppressions->arena, file);
    while (ret == 0 && (line = strsep(&rest, "\n")) != NULL) {
        parser.line++;
        ret = take_line(&parser, line);
    }
    if (ret == 0 && parser.block != NULL)
        ret = refuse(&parser, "a block of valgrind's does not end", NULL);
    free(copy);
    return ret;
}

int suppression_read_file(struct suppressions *suppressions, const char *file, struct text *ret_why)
{
    char why_buf[256] = "", *text;
    struct text why = TEXT_ON(why_buf);
    uint8_t *bytes;
    size_t len;
    int ret = inflate_read_file(file, FILE_MAX, &bytes, &len, &why);

    if (ret != 0) {
        text_format(ret_why, "%s: %s", file, why_buf);
        return ret;
    }
    text = must_format("%.*s", (int)len, (const char *)bytes);
    free(bytes);
    ret = suppression_read_text(suppressions, file, text, ret_why);
    free(text);
    return ret;
}

/* gate/default_suppressions.S */
extern const char leaktrace_default_suppressions[];

void suppression_add_defaults(struct suppressions *suppressions)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);

    if (suppression_read_text(suppressions, NULL, leaktrace_default_suppressions, &why) != 0)
        complain("default suppressions: %s", why_buf);
}
