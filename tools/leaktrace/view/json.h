/*
 * Writing JSON: always well-formed, whatever the strings hold (control characters are escaped, invalid UTF-8 is
 * replaced).
 *
 * Members of an object take a key; members of an array, and the outermost value, take NULL.
 */
#ifndef LEAKTRACE_VIEW_JSON_H
#define LEAKTRACE_VIEW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16

struct json {
    FILE *out;
    unsigned depth;
    char closing[JSON_DEPTH_MAX];
    bool filled[JSON_DEPTH_MAX];
};

void json_open_object(struct json *json, const char *key);
void json_open_array(struct json *json, const char *key);
/* Ends the innermost object or array; the outermost ends with a newline. */
void json_close(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* An array of numbers, on one line. */
void json_sizes(struct json *json, const char *key, const size_t *values, size_t n);
/* With one decimal. */
void json_decimal(struct json *json, const char *key, double value);
/* With six significant digits; finite. */
void json_number(struct json *json, const char *key, double value);
void json_null(struct json *json, const char *key);
/* The number when it is known, else null. */
void json_known(struct json *json, const char *key, bool is_known, int64_t value);

#endif
