/*
 * The reader of pprof profiles. Owns no state; called by the commands through view/ and by the tests.
 *
 * The top level is walked once to count and check it, and then once for each table, in the order in which they refer to
 * each other: strings, types, mappings, functions, locations, samples. Files may hold them in any order.
 */
#include "profile/profile.h"

#include "base/text.h"
#include "profile/decoder.h"
#include "profile/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int count_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    size_t n = field->number == PROFILE_COMMENT ? decoder_count_numbers(field) : 1;

    (void)row;
    if (n == SIZE_MAX)
        return decoder_malformed(decoder, "packed numbers are cut off");
    if (field->number < PROFILE_FIELDS)
        decoder->counts[field->number] += n;
    return 0;
}

static int take_text(struct decoder *decoder, const struct reader_field *field, void *row)
{
    size_t *at = row;
    const char *copy;

    if (field->number != PROFILE_STRING)
        return 0;
    if (!field->is_range)
        return decoder_malformed(decoder, "a number where a text belongs");
    copy = arena_strndup(&decoder->profile->arena, (const char *)field->range.at,
                         (size_t)(field->range.end - field->range.at));
    if (copy == NULL)
        return decoder_short_of_memory(decoder);
    decoder->strings[(*at)++] = copy;
    return 0;
}

static int take_strings(struct decoder *decoder)
{
    size_t at = 0;
    int ret = decoder_rows(decoder, decoder->counts[PROFILE_STRING], sizeof(*decoder->strings), &decoder->strings);

    return ret != 0 ? ret : decoder_walk(decoder, decoder->top, take_text, &at);
}

/* One of the tables of the top level, while it is filled. */
struct table {
    uint32_t field;
    decoder_take *take;
    size_t row_size;
    char *rows;
    size_t n;
};

static int take_row(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct table *table = row;

    return field->number == table->field ? table->take(decoder, field, table->rows + table->n++ * table->row_size) : 0;
}

/* Fills a table; `ret_rows` points to the pointer to its rows. */
static int take_table(struct decoder *decoder, struct table table, void *ret_rows, size_t *ret_n)
{
    int ret = decoder_rows(decoder, decoder->counts[table.field], table.row_size, &table.rows);

    if (ret != 0)
        return ret;
    memcpy(ret_rows, &table.rows, sizeof(table.rows));
    *ret_n = decoder->counts[table.field];
    return decoder_walk(decoder, decoder->top, take_row, &table);
}

/* Makes the ids of a table known, whose rows begin with them. */
static int take_ids(struct decoder *decoder, const char *what, const void *rows, size_t n, size_t row_size,
                    struct ids *ret_ids)
{
    struct ids ids = {.n = n};
    uint64_t bad;
    int ret = decoder_rows(decoder, n, sizeof(*ids.entries), &ids.entries);

    if (ret != 0)
        return ret;
    for (size_t i = 0; i < n; i++) {
        ids.entries[i].at = i;
        memcpy(&ids.entries[i].id, (const char *)rows + i * row_size, sizeof(uint64_t));
    }
    if (!ids_order(&ids, &bad)) {
        text_format(decoder->why, "not a profile: %s id %lu is %s", what, bad, bad == 0 ? "no id" : "used twice");
        return -EINVAL;
    }
    *ret_ids = ids;
    return 0;
}

static int take_comments(struct decoder *decoder, struct reader_field numbers)
{
    struct profile *profile = decoder->profile;
    uint64_t number;
    int ret = 0;

    while (ret == 0 && decoder_next_number(&numbers, &number))
        ret =
            decoder_string(decoder, &(struct reader_field){.value = number}, &profile->comments[profile->n_comments++]);
    return ret;
}

static int take_header_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile *profile = row;

    switch (field->number) {
    case PROFILE_TIME:
        profile->time_ns = (int64_t)field->value;
        break;
    case PROFILE_DURATION:
        profile->duration_ns = (int64_t)field->value;
        break;
    case PROFILE_PERIOD_TYPE:
        return rows_take_type(decoder, field, &profile->period_type);
    case PROFILE_PERIOD:
        profile->period = (int64_t)field->value;
        break;
    case PROFILE_COMMENT:
        return take_comments(decoder, *field);
    case PROFILE_DEFAULT_TYPE:
        return decoder_string(decoder, field, &profile->default_type);
    }
    return 0;
}

static int take_header(struct decoder *decoder)
{
    struct profile *profile = decoder->profile;
    int ret = decoder_rows(decoder, decoder->counts[PROFILE_COMMENT], sizeof(*profile->comments), &profile->comments);

    profile->default_type = "";
    profile->period_type = (struct profile_type){.type = "", .unit = ""};
    return ret != 0 ? ret : decoder_walk(decoder, decoder->top, take_header_field, profile);
}

static int take_types(struct decoder *decoder)
{
    struct profile *profile = decoder->profile;
    const struct table types = {PROFILE_TYPE, rows_take_type, sizeof(*profile->types), NULL, 0};
    int ret = take_table(decoder, types, &profile->types, &profile->n_types);

    if (ret == 0 && profile->n_types == 0)
        return decoder_malformed(decoder, "it has no sample types");
    return ret;
}

static int take_tables(struct decoder *decoder)
{
    struct profile *p = decoder->profile;
    const struct table mappings = {PROFILE_MAPPING, rows_take_mapping, sizeof(*p->mappings), NULL, 0};
    const struct table functions = {PROFILE_FUNCTION, rows_take_function, sizeof(*p->functions), NULL, 0};
    const struct table locations = {PROFILE_LOCATION, rows_take_location, sizeof(*p->locations), NULL, 0};
    const struct table samples = {PROFILE_SAMPLE, rows_take_sample, sizeof(*p->samples), NULL, 0};
    int ret = take_table(decoder, mappings, &p->mappings, &p->n_mappings);

    if (ret == 0)
        ret = take_ids(decoder, "mapping", p->mappings, p->n_mappings, sizeof(*p->mappings), &decoder->mappings);
    if (ret == 0)
        ret = take_table(decoder, functions, &p->functions, &p->n_functions);
    if (ret == 0)
        ret = take_ids(decoder, "function", p->functions, p->n_functions, sizeof(*p->functions), &decoder->functions);
    if (ret == 0)
        ret = take_table(decoder, locations, &p->locations, &p->n_locations);
    if (ret == 0)
        ret = take_ids(decoder, "location", p->locations, p->n_locations, sizeof(*p->locations), &decoder->locations);
    return ret != 0 ? ret : take_table(decoder, samples, &p->samples, &p->n_samples);
}

/* Reads decompressed bytes into a profile that holds nothing yet. */
static int decode(struct profile *profile, const uint8_t *bytes, size_t len, struct text *why)
{
    struct decoder decoder = {.profile = profile, .top = {.at = bytes, .end = bytes + len}, .why = why};
    int ret = decoder_walk(&decoder, decoder.top, count_field, NULL);

    if (ret == 0)
        ret = take_strings(&decoder);
    if (ret == 0 && (decoder.counts[PROFILE_STRING] == 0 || decoder.strings[0][0] != '\0'))
        ret = decoder_malformed(&decoder, "string 0 is missing or not empty");
    if (ret == 0)
        ret = take_header(&decoder);
    if (ret == 0)
        ret = take_types(&decoder);
    return ret != 0 ? ret : take_tables(&decoder);
}

int profile_decode(const uint8_t *bytes, size_t len, size_t bytes_max, struct profile *ret_profile,
                   struct text *ret_why)
{
    struct profile profile = {0};
    uint8_t *inflated = NULL;
    int ret = 0;

    if (inflate_is_gzip(bytes, len)) {
        ret = inflate_all(bytes, len, bytes_max, &inflated, &len, ret_why);
        bytes = inflated;
    }
    if (ret == 0)
        ret = decode(&profile, bytes, len, ret_why);
    free(inflated);
    if (ret != 0) {
        profile_release(&profile);
        return ret;
    }
    *ret_profile = profile;
    return 0;
}

int profile_load(const char *path, struct profile *ret_profile, struct text *ret_why)
{
    uint8_t *bytes;
    size_t len;
    int ret = inflate_read_file(path, PROFILE_BYTES_MAX, &bytes, &len, ret_why);

    if (ret != 0)
        return ret;
    if (len == 0) {
        text_add(ret_why, "it is empty");
        ret = -EINVAL;
    } else {
        ret = profile_decode(bytes, len, PROFILE_BYTES_MAX, ret_profile, ret_why);
    }
    free(bytes);
    return ret;
}

void profile_release(struct profile *profile)
{
    arena_release(&profile->arena);
}
