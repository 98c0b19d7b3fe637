/* A string which grows as one appends to it. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed; /* out of memory once: what follows is ignored, the caller looks at the end */
};

__attribute__((format(printf, 2, 3)))
void append_text(struct text *text, const char *format, ...);
void release_text(struct text *text);

#endif
