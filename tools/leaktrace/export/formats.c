/* The table of formats. Owns nothing; called by `leaktrace export`. */
#include "export/export.h"

#include "profile/profile.h"

#include <string.h>

static const struct export_format formats[] = {
    {.name = "collapsed", .write = export_collapsed, .one_kind = true},
    {.name = "speedscope", .write = export_speedscope},
    {.name = "json", .write = export_json},
    {.name = "text", .write = export_text},
    {.name = "pprof", .write = export_pprof, .one_kind = true, .is_binary = true},
};

const struct export_format *export_find(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

size_t export_default_type(const struct profile *profile)
{
    for (size_t i = 0; i < profile->n_types; i++)
        if (strcmp(profile->types[i].type, profile->default_type) == 0)
            return i;
    return profile->n_types - 1;
}
