/* The search for what was meant. Owns nothing; called by base/options and the command. */
#include "base/nearest.h"

#include <string.h>

#define LENGTH_MAX 31
#define EDITS_MAX 3

/* Levenshtein's distance, for a second word of at most LENGTH_MAX characters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[LENGTH_MAX + 1];
    size_t len_b = strlen(b);

    if (len_b > LENGTH_MAX)
        return EDITS_MAX + 1;
    for (unsigned j = 0; j <= len_b; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= len_b; j++) {
            unsigned above = row[j];
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);

            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = above;
        }
    }
    return row[len_b];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    unsigned least = EDITS_MAX + 1;

    for (size_t i = 0; i < count; i++) {
        unsigned edits = distance(word, words[i]);

        if (edits < least && edits < strlen(word)) {
            least = edits;
            nearest = words[i];
        }
    }
    return nearest;
}
