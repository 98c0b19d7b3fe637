/*
 * Which sites are of interest: --focus and --ignore, pprof's words. Both are extended regular expressions of POSIX, and a frame
 * matches by its function, its source file or its module.
 */
#ifndef LEAKTRACE_VIEW_FOCUS_H
#define LEAKTRACE_VIEW_FOCUS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct ranking;
struct text;

struct focus {
    bool has_focus;
    bool has_ignore;
    regex_t focus;
    regex_t ignore;
};

/* NULL: none of it. 0; or -EINVAL with a line in `ret_why`, and then there is nothing to release. */
int focus_compile(const char *focus, const char *ignore, struct focus *ret_focus, struct text *ret_why);
/* Takes the sites out of a ranking that have no frame that `focus` matches, or one that `ignore` does. Its totals stay. */
void focus_apply(const struct focus *focus, struct ranking *ranking);
void focus_release(struct focus *focus);

#endif
