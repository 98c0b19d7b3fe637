/* The JSON writer. Owns nothing; called by report_json.c and by `leaktrace ls`. */
#include "view/json.h"

#include "view/utf8.h"

#include <inttypes.h>

static void put_string(FILE *out, const char *value)
{
    uint32_t character;

    putc('"', out);
    while ((character = utf8_next(&value)) != 0) {
        if (character == '"' || character == '\\')
            fprintf(out, "\\%c", (int)character);
        else if (character < 0x20 || character == 0x7f)
            fprintf(out, "\\u%04x", character);
        else
            utf8_put(out, character);
    }
    putc('"', out);
}

static void new_line(struct json *json)
{
    putc('\n', json->out);
    for (unsigned i = 0; i < json->depth; i++)
        fputs("  ", json->out);
}

/* What stands before each value: a comma behind the one before it, a line of its own, and its key. */
static void begin_value(struct json *json, const char *key)
{
    if (json->depth > 0) {
        if (json->filled[json->depth - 1])
            putc(',', json->out);
        json->filled[json->depth - 1] = true;
        new_line(json);
    }
    if (key != NULL) {
        put_string(json->out, key);
        fputs(": ", json->out);
    }
}

static void open_level(struct json *json, const char *key, char opening, char closing)
{
    begin_value(json, key);
    putc(opening, json->out);
    json->closing[json->depth] = closing;
    json->filled[json->depth] = false;
    json->depth++;
}

void json_open_object(struct json *json, const char *key)
{
    open_level(json, key, '{', '}');
}

void json_open_array(struct json *json, const char *key)
{
    open_level(json, key, '[', ']');
}

void json_close(struct json *json)
{
    json->depth--;
    if (json->filled[json->depth])
        new_line(json);
    putc(json->closing[json->depth], json->out);
    if (json->depth == 0)
        putc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *value)
{
    begin_value(json, key);
    put_string(json->out, value);
}

void json_int(struct json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_sizes(struct json *json, const char *key, const size_t *values, size_t n)
{
    begin_value(json, key);
    for (size_t i = 0; i < n; i++)
        fprintf(json->out, "%c%zu", i == 0 ? '[' : ',', values[i]);
    fputs(n == 0 ? "[]" : "]", json->out);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_decimal(struct json *json, const char *key, double value)
{
    begin_value(json, key);
    fprintf(json->out, "%.1f", value);
}

void json_number(struct json *json, const char *key, double value)
{
    begin_value(json, key);
    fprintf(json->out, "%.6g", value);
}

void json_null(struct json *json, const char *key)
{
    begin_value(json, key);
    fputs("null", json->out);
}

void json_known(struct json *json, const char *key, bool is_known, int64_t value)
{
    if (is_known)
        json_int(json, key, value);
    else
        json_null(json, key);
}
