/* Reading, comparing and writing baselines. Owns nothing; called by the gate. */
#include "gate/baseline.h"

#include "base/text.h"
#include "common.h"
#include "profile/inflate.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64ul << 20)
#define HEX "0123456789abcdef"
#define SEPARATOR " < "

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct baseline_entry *)a)->id, ((const struct baseline_entry *)b)->id);
}

/* Takes the next word of a line; NULL when there is none. */
static char *take_word(char **rest)
{
    char *word = strsep(rest, " ");

    return word == NULL || *word == '\0' ? NULL : word;
}

/* One line that is neither empty nor a comment; false when it is no entry. */
static bool take_entry(struct baseline *baseline, char *line)
{
    char *rest = line, *id = take_word(&rest), *kind = take_word(&rest), *count = take_word(&rest);
    struct baseline_entry entry;
    long number;

    if (id == NULL || kind == NULL || count == NULL || rest == NULL || *rest == '\0' || strlen(id) != 16 ||
        strspn(id, HEX) != 16 || !parse_decimal(count, 0, LONG_MAX, &number))
        return false;
    entry = (struct baseline_entry){
        .kind = must_copy(&baseline->arena, kind), .stack = must_copy(&baseline->arena, rest), .count = number};
    memcpy(entry.id, id, sizeof(entry.id));
    baseline->entries = must_grow(baseline->entries, baseline->n + 1, sizeof(entry));
    baseline->entries[baseline->n++] = entry;
    return true;
}

/* Of two entries with one id the larger count stays. */
static void order(struct baseline *baseline)
{
    size_t unique = 0;

    if (baseline->n > 0)
        qsort(baseline->entries, baseline->n, sizeof(*baseline->entries), compare_ids);
    for (size_t i = 0; i < baseline->n; i++) {
        struct baseline_entry *last = unique == 0 ? NULL : &baseline->entries[unique - 1];

        if (last == NULL || strcmp(last->id, baseline->entries[i].id) != 0)
            baseline->entries[unique++] = baseline->entries[i];
        else if (last->count < baseline->entries[i].count)
            last->count = baseline->entries[i].count;
    }
    baseline->n = unique;
}

static const char *explain(const char *line)
{
    if (begins_with(line, "<<<<<<<") || begins_with(line, "=======") || begins_with(line, ">>>>>>>"))
        return "a merge that is not done: keep the lines of both sides";
    return "no line of a baseline, which is FINGERPRINT KIND COUNT STACK";
}

int baseline_read(struct baseline *baseline, const char *file, struct text *ret_why)
{
    char why_buf[256] = "", *text, *rest, *line;
    struct text why = TEXT_ON(why_buf);
    unsigned number = 0;
    uint8_t *bytes;
    size_t len;
    int ret = inflate_read_file(file, FILE_MAX, &bytes, &len, &why);

    if (ret != 0) {
        text_format(ret_why, "%s: %s", file, why_buf);
        return ret;
    }
    rest = text = must_format("%.*s", (int)len, (const char *)bytes);
    free(bytes);
    while (ret == 0 && (line = strsep(&rest, "\n")) != NULL) {
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (*line == '\0' || *line == '#' || take_entry(baseline, line))
            continue;
        text_format(ret_why, "%s:%u: %s", file, number, explain(line));
        ret = -EINVAL;
    }
    free(text);
    order(baseline);
    return ret;
}

static struct baseline_entry *find(const struct baseline *baseline, const char *id)
{
    struct baseline_entry key;

    if (baseline->n == 0)
        return NULL;
    memcpy(key.id, id, sizeof(key.id));
    return bsearch(&key, baseline->entries, baseline->n, sizeof(key), compare_ids);
}

/* The frames of a normalized stack. A module in brackets is part of the frame that it stands behind. */
static size_t split(char *stack, char **ret_frames, size_t max)
{
    size_t n = 0;

    while (stack != NULL && n < max) {
        char *next = strstr(stack, SEPARATOR), *module;

        if (next != NULL) {
            *next = '\0';
            next += strlen(SEPARATOR);
        }
        module = strstr(stack, " [");
        if (module != NULL)
            *module = '\0';
        ret_frames[n++] = stack;
        stack = next;
    }
    return n;
}

#define FRAMES_MAX 512

bool baseline_is_similar(const char *a, const char *b)
{
    char *copies[2] = {must_format("%s", strlen(a) < strlen(b) ? b : a), must_format("%s", strlen(a) < strlen(b) ? a : b)};
    char *long_one[FRAMES_MAX], *short_one[FRAMES_MAX];
    size_t n_long = split(copies[0], long_one, FRAMES_MAX), n_short = split(copies[1], short_one, FRAMES_MAX), at = 0;
    bool similar = n_short >= 2 && 2 * n_short >= n_long && strcmp(long_one[n_long - 1], short_one[n_short - 1]) == 0;

    for (size_t i = 0; i < n_long && at < n_short; i++)
        at += strcmp(long_one[i], short_one[at]) == 0;
    similar = similar && at == n_short;
    free(copies[0]);
    free(copies[1]);
    return similar;
}

/* The entry without anything found that stands for a leak which has none of its own. */
static struct baseline_entry *find_similar(const struct baseline *baseline, const struct leak *leak)
{
    const char *kind = leak_baseline_kind(leak);

    for (size_t i = 0; i < baseline->n; i++) {
        struct baseline_entry *entry = &baseline->entries[i];

        if (entry->found == 0 && strcmp(entry->kind, kind) == 0 && baseline_is_similar(entry->stack, leak->fingerprint.stack))
            return entry;
    }
    return NULL;
}

size_t baseline_compare(struct baseline *baseline, const struct leaks *leaks)
{
    struct baseline_entry **entries = must_grow(NULL, leaks->n, sizeof(*entries));
    size_t gone = 0;

    for (size_t i = 0; i < leaks->n; i++) {
        entries[i] = leaks->sorted[i]->suppressed_by != NULL ? NULL : find(baseline, leaks->sorted[i]->fingerprint.id);
        if (entries[i] != NULL)
            entries[i]->found += leaks->sorted[i]->amount.count;
    }
    for (size_t i = 0; i < leaks->n; i++) {
        if (leaks->sorted[i]->suppressed_by != NULL || entries[i] != NULL)
            continue;
        entries[i] = find_similar(baseline, leaks->sorted[i]);
        if (entries[i] != NULL)
            entries[i]->found += leaks->sorted[i]->amount.count;
    }
    for (size_t i = 0; i < leaks->n; i++)
        leaks->sorted[i]->baseline = entries[i] == NULL                      ? LEAK_NEW
                                     : entries[i]->found > entries[i]->count ? LEAK_MORE
                                                                             : LEAK_KNOWN;
    for (size_t i = 0; i < baseline->n; i++)
        gone += baseline->entries[i].found == 0;
    free(entries);
    return gone;
}

/* By kind, then by stack: neighbours in the file are neighbours in the program. */
static int compare_lines(const void *a, const void *b)
{
    const struct baseline_entry *left = a, *right = b;
    int by_kind = strcmp(left->kind, right->kind), by_stack = strcmp(left->stack, right->stack);

    return by_kind != 0 ? by_kind : by_stack != 0 ? by_stack : strcmp(left->id, right->id);
}

void baseline_write(FILE *out, const struct leaks *leaks)
{
    struct baseline_entry *entries = must_grow(NULL, leaks->n, sizeof(*entries));
    size_t n = 0;

    for (size_t i = 0; i < leaks->n; i++) {
        const struct leak *leak = leaks->sorted[i];

        if (leak->suppressed_by != NULL)
            continue;
        entries[n] = (struct baseline_entry){
            .kind = leak_baseline_kind(leak), .stack = leak->fingerprint.stack, .count = leak->amount.count};
        memcpy(entries[n++].id, leak->fingerprint.id, sizeof(entries->id));
    }
    if (n > 0)
        qsort(entries, n, sizeof(*entries), compare_lines);
    fputs("# leaktrace gate --baseline: FINGERPRINT KIND COUNT STACK\n", out);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && compare_lines(&entries[i], &entries[i + 1]) == 0)
            entries[i + 1].count += entries[i].count;
        else
            fprintf(out, "%s %s %" PRId64 " %s\n", entries[i].id, entries[i].kind, entries[i].count, entries[i].stack);
    }
    free(entries);
}

void baseline_release(struct baseline *baseline)
{
    free(baseline->entries);
    arena_release(&baseline->arena);
}
