/* Numbers for people: each call fills the given buffer and returns its text. */
#ifndef LEAKTRACE_VIEW_UNITS_H
#define LEAKTRACE_VIEW_UNITS_H

#include <stdint.h>

struct units_text {
    char text[40];
};

/* 0 B, 812 B, 7.1 MiB; negative ones too. */
const char *units_bytes(int64_t bytes, struct units_text *buf);
/* 40,211 */
const char *units_count(int64_t count, struct units_text *buf);
/* 250 ms, 45 s, 2 h 3 min, 61 d 4 h; less than nothing is 0 ms. */
const char *units_duration(int64_t ns, struct units_text *buf);
/* A moment since 1970 in local time: 2025-11-21 09:30:12 +0100 */
const char *units_time(int64_t ns, struct units_text *buf);

#endif
