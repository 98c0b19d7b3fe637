/* Buckets of ages. Owns nothing; called by the ranking and by what shows it. */
#include "view/ages.h"

#include <string.h>

static const char *const ages_names[AGES_N] = {"<1m", "<10m", "<1h", "<1d", ">=1d"};

size_t ages_find(const char *name)
{
    size_t bucket = 0;

    while (bucket < AGES_N && strcmp(ages_names[bucket], name) != 0)
        bucket++;
    return bucket;
}

const char *ages_name(size_t bucket)
{
    return ages_names[bucket];
}
