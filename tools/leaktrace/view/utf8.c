/* UTF-8. Owns nothing; called by all that writes text of dumps. */
#include "view/utf8.h"

uint32_t utf8_next(const char **at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)*at;
    unsigned more = *bytes < 0x80 ? 0 : *bytes >> 5 == 6 ? 1 : *bytes >> 4 == 14 ? 2 : *bytes >> 3 == 30 ? 3 : 4;
    uint32_t character = more == 0 ? *bytes : *bytes & (0x3fu >> more);

    if (*bytes == '\0')
        return 0;
    *at += 1;
    if (more == 4)
        return UTF8_REPLACEMENT;
    for (unsigned i = 1; i <= more; i++) {
        if (bytes[i] >> 6 != 2)
            return UTF8_REPLACEMENT;
        character = character << 6 | (bytes[i] & 0x3f);
    }
    if (character < least[more] || character > 0x10ffff || character >> 11 == 0x1b)
        return UTF8_REPLACEMENT;
    *at += more;
    return character;
}

bool utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

void utf8_put(FILE *out, uint32_t character)
{
    if (character < 0x80) {
        putc((int)character, out);
        return;
    }
    if (character < 0x800) {
        putc((int)(0xc0 | character >> 6), out);
    } else {
        if (character < 0x10000) {
            putc((int)(0xe0 | character >> 12), out);
        } else {
            putc((int)(0xf0 | character >> 18), out);
            putc((int)(0x80 | (character >> 12 & 0x3f)), out);
        }
        putc((int)(0x80 | (character >> 6 & 0x3f)), out);
    }
    putc((int)(0x80 | (character & 0x3f)), out);
}
