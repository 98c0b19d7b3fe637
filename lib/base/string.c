/*
 * The functions of <string.h> that libleaktrace.so uses, under libc's names but hidden: part of the shared object alone.
 *
 * Whoever interposes libc's (ThreadSanitizer, valgrind, another preloaded object) would else be called by leaktrace's own thread, and
 * hold leaktrace's memory against rules that are meant for the program. Plain loops: none of them is on the way of an event.
 */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t len)
{
    char *out = to;
    const char *in = from;

    if ((size_t)(out - in) >= len)
        return memcpy(to, from, len);
    while (len-- > 0)
        out[len] = in[len];
    return to;
}

void *memset(void *to, int byte, size_t len)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(len) : "a"(byte) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *x = a, *y = b;

    for (; len > 0; x++, y++, len--)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *block, int byte, size_t len)
{
    const unsigned char *at = block;

    for (; len > 0; at++, len--)
        if (*at == (unsigned char)byte)
            return (void *)(size_t)at;
    return NULL;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end != '\0')
        end++;
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t max)
{
    size_t len = 0;

    while (len < max && text[len] != '\0')
        len++;
    return len;
}

int strncmp(const char *a, const char *b, size_t max)
{
    for (; max > 0; a++, b++, max--)
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    size_t len = strlen(from);

    memcpy(to, from, len + 1);
    return to + len;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    stpcpy(to, from);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t max)
{
    size_t len = strnlen(from, max);

    memcpy(to, from, len);
    memset(to + len, '\0', max - len);
    return to;
}

char *strchr(const char *text, int c)
{
    while (*text != (char)c)
        if (*text++ == '\0')
            return NULL;
    return (char *)(size_t)text;
}

char *strrchr(const char *text, int c)
{
    const char *found = NULL;

    do {
        if (*text == (char)c)
            found = text;
    } while (*text++ != '\0');
    return (char *)(size_t)found;
}

size_t strspn(const char *text, const char *set)
{
    size_t len = 0;

    while (text[len] != '\0' && strchr(set, text[len]) != NULL)
        len++;
    return len;
}

size_t strcspn(const char *text, const char *set)
{
    size_t len = 0;

    while (text[len] != '\0' && strchr(set, text[len]) == NULL)
        len++;
    return len;
}

char *strstr(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (; strncmp(text, part, len) != 0; text++)
        if (*text == '\0')
            return NULL;
    return (char *)(size_t)text;
}
