/* Building text without stdio. Owns nothing. */
#include "base/text.h"

#include <string.h>

void text_add_n(struct text *text, const char *bytes, size_t len)
{
    size_t room = text->size - text->len - 1;

    if (len > room) {
        len = room;
        text->cut = true;
    }
    memcpy(text->buf + text->len, bytes, len);
    text->len += len;
    text->buf[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_n(text, string, strlen(string));
}

static void add_number(struct text *text, uint64_t value, unsigned base, unsigned digits)
{
    char buf[64];
    size_t at = sizeof(buf);

    do {
        buf[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (sizeof(buf) - at < digits && at > 0)
        buf[--at] = '0';
    text_add_n(text, buf + at, sizeof(buf) - at);
}

void text_add_int(struct text *text, int64_t value)
{
    if (value < 0)
        text_add(text, "-");
    add_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, 1);
}

void text_add_uint_padded(struct text *text, uint64_t value, unsigned digits)
{
    add_number(text, value, 10, digits);
}

void text_add_hex(struct text *text, uint64_t value)
{
    add_number(text, value, 16, 1);
}

void text_add_hex_bytes(struct text *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        add_number(text, bytes[i], 16, 2);
}

/* Formats one conversion that starts behind its '%'; returns where the format goes on. */
static const char *add_conversion(struct text *text, const char *at, va_list *args)
{
    int longs = 0;

    for (; *at == 'l' || *at == 'z'; at++)
        longs++;
    switch (*at) {
    case 's':
        text_add(text, va_arg(*args, const char *));
        break;
    case 'd':
        text_add_int(text, longs ? va_arg(*args, long) : va_arg(*args, int));
        break;
    case 'u':
        add_number(text, longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 10, 1);
        break;
    case 'x':
        add_number(text, longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 16, 1);
        break;
    default:
        text_add_n(text, at, 1);
        break;
    }
    return at + 1;
}

void text_vformat(struct text *text, const char *format, va_list args)
{
    va_list copy;

    va_copy(copy, args);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");

        text_add_n(text, format, plain);
        format += plain;
        if (*format == '%')
            format = add_conversion(text, format + 1, &copy);
    }
    va_end(copy);
}

void text_format(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vformat(text, format, args);
    va_end(args);
}
