/* Shell patterns with * and ?, as much as names of programs need. */
#ifndef LEAKTRACE_BASE_GLOB_H
#define LEAKTRACE_BASE_GLOB_H

#include <stdbool.h>

/* Whether the name matches one of the patterns of a comma-separated list. */
bool glob_list_matches(const char *list, const char *name);

#endif
