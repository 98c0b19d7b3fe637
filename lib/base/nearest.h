/* The known word that somebody may have meant. */
#ifndef LEAKTRACE_BASE_NEAREST_H
#define LEAKTRACE_BASE_NEAREST_H

#include <stddef.h>

/* The one of `words` that is fewest edits away from `word`, at most three and fewer than its length; NULL when none is. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
