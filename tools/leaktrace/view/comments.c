/* The comment lines of a profile. Owns nothing; called by report.c. */
#include "view/comments.h"

#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

const char *comments_text(const struct profile *profile, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < profile->n_comments; i++)
        if (strncmp(profile->comments[i], key, len) == 0 && profile->comments[i][len] == ' ')
            return profile->comments[i] + len + 1;
    return NULL;
}

int64_t comments_number(const struct profile *profile, const char *key)
{
    const char *value = comments_text(profile, key);
    int64_t number = value == NULL ? 0 : strtoll(value, NULL, 10);

    return number < 0 ? 0 : number;
}
