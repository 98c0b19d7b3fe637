/* Numbers for people. Owns nothing. */
#include "view/units.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_S 1000000000

static uint64_t magnitude(int64_t number)
{
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

const char *units_bytes(int64_t bytes, struct units_text *buf)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)magnitude(bytes);
    size_t unit = 0;

    /* 1023.95 would be printed as 1024.0. */
    for (; size >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        size /= 1024;
    snprintf(buf->text, sizeof(buf->text), "%s%.*f %s", bytes < 0 ? "-" : "", unit == 0 ? 0 : 1, size, units[unit]);
    return buf->text;
}

const char *units_count(int64_t count, struct units_text *buf)
{
    char *at = buf->text + sizeof(buf->text) - 1;
    uint64_t rest = magnitude(count);
    unsigned digits = 0;

    *at = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0);
    if (count < 0)
        *--at = '-';
    return at;
}

const char *units_duration(int64_t ns, struct units_text *buf)
{
    static const struct {
        long seconds;
        const char *name;
    } steps[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t positive = ns < 0 ? 0 : ns;
    long seconds = (long)(positive / NS_PER_S);
    size_t i = 0;

    if (seconds == 0) {
        snprintf(buf->text, sizeof(buf->text), "%ld ms", (long)(positive / 1000000));
        return buf->text;
    }
    while (seconds < steps[i].seconds)
        i++;
    if (steps[i].seconds == 1 || seconds % steps[i].seconds < steps[i + 1].seconds)
        snprintf(buf->text, sizeof(buf->text), "%ld %s", seconds / steps[i].seconds, steps[i].name);
    else
        snprintf(buf->text, sizeof(buf->text), "%ld %s %ld %s", seconds / steps[i].seconds, steps[i].name,
                 seconds % steps[i].seconds / steps[i + 1].seconds, steps[i + 1].name);
    return buf->text;
}

const char *units_time(int64_t ns, struct units_text *buf)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL || strftime(buf->text, sizeof(buf->text), "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
        snprintf(buf->text, sizeof(buf->text), "an unknown time");
    return buf->text;
}
