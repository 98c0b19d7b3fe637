/* Matching of patterns, without recursion: a star that does not lead to a match is lengthened. Owns nothing. */
#include "gate/pattern.h"

#include <stddef.h>
#include <string.h>

struct pattern {
    const char *at;
    size_t len;
    char one; /* the sign for one character; 0: none */
    bool open_end;
};

static bool matches(struct pattern pattern, const char *text)
{
    size_t at = 0, star = pattern.len;
    const char *behind = NULL;

    for (;;) {
        if (at < pattern.len && pattern.at[at] == '*') {
            star = at++;
            behind = text;
        } else if (at == pattern.len && (pattern.open_end || *text == '\0')) {
            return true;
        } else if (at < pattern.len && *text != '\0' &&
                   ((pattern.one != '\0' && pattern.at[at] == pattern.one) || pattern.at[at] == *text)) {
            at++;
            text++;
        } else if (behind != NULL && *behind != '\0') {
            at = star + 1;
            text = ++behind;
        } else {
            return false;
        }
    }
}

bool pattern_is_in(const char *pattern, const char *text)
{
    bool anchored = *pattern == '^';
    const char *at = pattern + anchored;
    struct pattern parts = {.at = at, .len = strcspn(at, "$"), .open_end = strchr(at, '$') == NULL};

    if (*text == '\0')
        return false;
    if (anchored)
        return matches(parts, text);
    for (; *text != '\0'; text++)
        if (matches(parts, text))
            return true;
    return parts.len == 0;
}

bool pattern_is_all(const char *pattern, const char *text)
{
    return matches((struct pattern){.at = pattern, .len = strlen(pattern), .one = '?'}, text);
}
