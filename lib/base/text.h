/*
 * Building text without stdio: a bounded buffer that is always a valid string.
 *
 * What does not fit is cut and remembered in `cut`. No locale, no allocation; safe everywhere.
 */
#ifndef LEAKTRACE_BASE_TEXT_H
#define LEAKTRACE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *buf;
    size_t size;
    size_t len;
    bool cut;
};

#define TEXT_ON(array) {.buf = (array), .size = sizeof(array)}

void text_add(struct text *text, const char *string);
void text_add_n(struct text *text, const char *bytes, size_t len);
void text_add_int(struct text *text, int64_t value);
/* At least `digits` decimal digits, with zeros in front. */
void text_add_uint_padded(struct text *text, uint64_t value, unsigned digits);
void text_add_hex(struct text *text, uint64_t value);
/* Pairs of lower-case hexadecimal digits, as build ids are written. */
void text_add_hex_bytes(struct text *text, const uint8_t *bytes, size_t len);

/* Whether all of it is UTF-8 without control characters. */
bool text_is_clean(const char *bytes, size_t len);
/* Adds the bytes, with '?' in place of each that is not part of a clean character. */
void text_add_clean(struct text *text, const char *bytes, size_t len);

/* printf's %s, %d, %u and %x, with l or z before the last three, and %%; no others. For messages. */
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vformat(struct text *text, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
