/* The kinds of resources, as the names of dump files tell them: heap, fd, thread, ... */
#ifndef LEAKTRACE_PROFILE_KIND_H
#define LEAKTRACE_PROFILE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

/* Kinds are shown in this order, all others behind. */
size_t kind_rank(const char *kind);
/* For a profile whose file name does not tell. A text that stands for ever, or in the profile. */
const char *kind_by_types(const struct profile *profile);
/* Whether `kind` is what has grown of `base`: "heap_growth" of "heap". */
bool kind_is_growth_of(const char *kind, const char *base);
/* Whether it is what has grown of some kind. */
bool kind_is_growth(const char *kind);
/* One or many of what a kind counts: "block", "blocks". */
const char *kind_noun(const char *kind, int64_t count);

#endif
