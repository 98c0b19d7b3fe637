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

/* The length of the UTF-8 sequence at `at` if it stands for a character that can be shown, else 0. */
static size_t character_length(const unsigned char *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
    uint32_t code = len == 1 ? at[0] : at[0] & (0xffu >> (len + 1));

    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : len;
}

bool text_is_clean(const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t step = character_length((const unsigned char *)bytes + at, len - at);

        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

void text_add_clean(struct text *text, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t step = character_length((const unsigned char *)bytes + at, len - at);

        text_add_n(text, step == 0 ? "?" : bytes + at, step == 0 ? 1 : step);
        at += step == 0 ? 1 : step;
    }
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
