/* Shell patterns. Owns nothing; called by life/. */
#include "base/glob.h"

#include <stddef.h>
#include <string.h>

static bool matches(const char *pattern, size_t len, const char *name)
{
    size_t at = 0, star = len;
    const char *after_star = NULL;

    while (*name != '\0') {
        if (at < len && pattern[at] == '*') {
            star = at++;
            after_star = name;
        } else if (at < len && (pattern[at] == '?' || pattern[at] == *name)) {
            at++;
            name++;
        } else if (after_star != NULL) {
            at = star + 1;
            name = ++after_star;
        } else {
            return false;
        }
    }
    while (at < len && pattern[at] == '*')
        at++;
    return at == len;
}

bool glob_list_matches(const char *list, const char *name)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");

        if (matches(list, len, name))
            return true;
        list += len + (list[len] == ',');
    }
    return false;
}
