/* What the comment lines of a profile tell: `KEY VALUE`, the value being the rest of the line (see dump/comments.h). */
#ifndef LEAKTRACE_VIEW_COMMENTS_H
#define LEAKTRACE_VIEW_COMMENTS_H

#include <stdint.h>

struct profile;

/* The value of the first line with that key; NULL when there is none. */
const char *comments_text(const struct profile *profile, const char *key);
/* The same as a number; 0 when it is none, is negative (which means "not known"), or is not there. */
int64_t comments_number(const struct profile *profile, const char *key);

#endif
