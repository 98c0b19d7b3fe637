/* Text of unknown origin, one character at a time. */
#ifndef LEAKTRACE_VIEW_UTF8_H
#define LEAKTRACE_VIEW_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define UTF8_REPLACEMENT 0xfffdu
#define UTF8_ELLIPSIS 0x2026u

/* Takes the next character of a NUL-terminated string; 0 at its end, which is never passed. A byte that does not begin
   a valid character gives UTF8_REPLACEMENT. */
uint32_t utf8_next(const char **at);
/* Controls of terminals, and those that turn the direction of writing. */
bool utf8_is_control(uint32_t character);
void utf8_put(FILE *out, uint32_t character);

#endif
