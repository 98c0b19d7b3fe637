/* The two kinds of patterns that suppressions are written in. */
#ifndef LEAKTRACE_GATE_PATTERN_H
#define LEAKTRACE_GATE_PATTERN_H

#include <stdbool.h>

/* LeakSanitizer's: found anywhere in the text, but for '^' in front and '$' behind; '*' stands for anything. An empty
   text never matches. */
bool pattern_is_in(const char *pattern, const char *text);
/* Valgrind's: the whole text, with '*' for anything and '?' for one character. */
bool pattern_is_all(const char *pattern, const char *text);

#endif
