/* Profiles in the formats of other tools. */
#ifndef LEAKTRACE_EXPORT_EXPORT_H
#define LEAKTRACE_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct profile;

/* One profile of a dump. */
struct export_profile {
    const char *kind;
    const struct profile *profile;
};

/* What is exported, all from one dump. */
struct export
{
    const char *title; /* of the whole: the program, its pid and the dump's number */
    const struct export_profile *profiles;
    size_t n;
};

/* Writes all of it; 0 or -errno. Failures of `out` itself are left to its owner. */
typedef int export_write(const struct export *export, FILE *out);

struct export_format {
    const char *name;
    export_write *write;
    bool one_kind;  /* takes one profile */
    bool is_binary; /* not for terminals */
};

/* The format of that name; NULL when there is none. */
const struct export_format *export_find(const char *name);

/* The formats: for collapsed stacks and speedscope see their files. */
export_write export_collapsed, export_json, export_pprof, export_speedscope, export_text;

/* The value that the profile's maker wants shown first. */
size_t export_default_type(const struct profile *profile);

#endif
