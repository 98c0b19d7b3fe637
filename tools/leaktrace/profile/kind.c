/* Kinds of profiles. Owns nothing; called by all that reads sets of dump files. */
#include "profile/kind.h"

#include "profile/profile.h"
#include "profile/source.h"

#include <string.h>

size_t kind_rank(const char *kind)
{
    static const char *const order[] = {"heap", "fd", "thread", "mmap", "goroutine", "go_heap"};
    size_t rank = 0;

    while (rank < sizeof(order) / sizeof(order[0]) && strcmp(order[rank], kind) != 0)
        rank++;
    return rank;
}

const char *kind_by_types(const struct profile *profile)
{
    static const struct {
        const char *type, *kind;
    } known[] = {{"inuse_fds", "fd"}, {"inuse_threads", "thread"}, {"mapped_space", "mmap"}, {"inuse_space", "heap"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        for (size_t j = 0; j < profile->n_types; j++)
            if (strcmp(profile->types[j].type, known[i].type) == 0)
                return known[i].kind;
    return profile->types[profile->n_types - 1].type;
}

bool kind_is_growth_of(const char *kind, const char *base)
{
    size_t len = strlen(base);

    return strncmp(kind, base, len) == 0 && strcmp(kind + len, SOURCE_GROWTH) == 0;
}

bool kind_is_growth(const char *kind)
{
    size_t len = strlen(kind), suffix = strlen(SOURCE_GROWTH);

    return len > suffix && strcmp(kind + len - suffix, SOURCE_GROWTH) == 0;
}

const char *kind_noun(const char *kind, int64_t count)
{
    static const struct {
        const char *kind, *one, *many;
    } nouns[] = {
        {"heap", "block", "blocks"},     {"go_heap", "block", "blocks"},  {"fd", "descriptor", "descriptors"},
        {"thread", "thread", "threads"}, {"mmap", "mapping", "mappings"}, {"goroutine", "goroutine", "goroutines"},
        {NULL, "object", "objects"},
    };
    size_t i = 0;

    while (nouns[i].kind != NULL && strcmp(nouns[i].kind, kind) != 0)
        i++;
    return count == 1 ? nouns[i].one : nouns[i].many;
}
