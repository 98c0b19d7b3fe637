/* The columns of a profile. Owns nothing; called by all that adds samples up. */
#include "profile/columns.h"

#include "common.h"
#include "profile/profile.h"

#include <string.h>

/* The last type of that unit, those that begin with `prefix` before all others. */
static size_t find_live(const struct profile *profile, const char *prefix, const char *unit)
{
    for (size_t i = profile->n_types; i-- > 0;)
        if (strcmp(profile->types[i].unit, unit) == 0 && begins_with(profile->types[i].type, prefix))
            return i;
    return *prefix == '\0' ? COLUMNS_NONE : find_live(profile, "", unit);
}

static size_t find_acquired(const struct profile *profile)
{
    static const char *const prefixes[] = {"alloc_", "opened_", "created_", "mapped_"};

    for (size_t i = 0; i < profile->n_types; i++)
        for (size_t j = 0; j < sizeof(prefixes) / sizeof(prefixes[0]); j++)
            if (strcmp(profile->types[i].unit, "count") == 0 && begins_with(profile->types[i].type, prefixes[j]))
                return i;
    return COLUMNS_NONE;
}

struct columns columns_find(const struct profile *profile)
{
    size_t chosen = profile->n_types - 1;
    struct columns columns = {
        .count = find_live(profile, "inuse_", "count"),
        .bytes = find_live(profile, "inuse_", "bytes"),
        .acquired = find_acquired(profile),
    };

    for (size_t i = 0; i < profile->n_types; i++)
        if (strcmp(profile->types[i].type, profile->default_type) == 0)
            chosen = i;
    if (columns.count == COLUMNS_NONE && columns.bytes == COLUMNS_NONE)
        columns.count = chosen;
    columns.by_bytes = strcmp(profile->types[chosen].unit, "bytes") == 0;
    return columns;
}

int64_t columns_value(const struct profile_sample *sample, size_t column)
{
    return column == COLUMNS_NONE ? 0 : sample->values[column];
}

int64_t columns_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

int64_t columns_subtract(int64_t a, int64_t b)
{
    int64_t difference;

    if (__builtin_sub_overflow(a, b, &difference))
        return a < b ? INT64_MIN : INT64_MAX;
    return difference;
}
