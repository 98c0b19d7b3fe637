/* The buckets in which dumps tell how old resources are (the label `age`). */
#ifndef LEAKTRACE_VIEW_AGES_H
#define LEAKTRACE_VIEW_AGES_H

#include <stddef.h>

#define AGES_LABEL "age"
#define AGES_N 5

/* The bucket of that name, from the youngest, 0; AGES_N when there is none. */
size_t ages_find(const char *name);
const char *ages_name(size_t bucket);

#endif
