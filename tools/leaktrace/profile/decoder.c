/* The pieces of the reader of profiles. Owns nothing; called by profile.c and rows.c. */
#include "profile/decoder.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

int decoder_malformed(struct decoder *decoder, const char *what)
{
    text_format(decoder->why, "not a profile: %s", what);
    return -EINVAL;
}

int decoder_out_of_range(struct decoder *decoder, const char *what, uint64_t number)
{
    text_format(decoder->why, "not a profile: there is no %s %lu", what, number);
    return -EINVAL;
}

int decoder_short_of_memory(struct decoder *decoder)
{
    text_add(decoder->why, "it needs too much memory");
    return -ENOMEM;
}

int decoder_rows(struct decoder *decoder, size_t n, size_t size, void *ret_rows)
{
    size_t bytes;
    void *rows = NULL;

    if (n > 0) {
        if (!__builtin_mul_overflow(n, size, &bytes))
            rows = arena_alloc(&decoder->profile->arena, bytes);
        if (rows == NULL)
            return decoder_short_of_memory(decoder);
    }
    memcpy(ret_rows, &rows, sizeof(rows));
    return 0;
}

int decoder_walk(struct decoder *decoder, struct reader message, decoder_take *take, void *row)
{
    struct reader_field field;
    enum reader_result result;
    int ret = 0;

    while (ret == 0 && (result = reader_next(&message, &field)) != READER_END) {
        if (result == READER_MALFORMED)
            return decoder_malformed(decoder, "a field is cut off or malformed");
        ret = take(decoder, &field, row);
    }
    return ret;
}

int decoder_walk_into(struct decoder *decoder, const struct reader_field *field, decoder_take *take, void *row)
{
    if (!field->is_range)
        return decoder_malformed(decoder, "a number where a message belongs");
    return decoder_walk(decoder, field->range, take, row);
}

int decoder_string(struct decoder *decoder, const struct reader_field *field, const char **ret_string)
{
    if (field->is_range)
        return decoder_malformed(decoder, "a text where a number belongs");
    if (field->value >= decoder->counts[PROFILE_STRING])
        return decoder_out_of_range(decoder, "string", field->value);
    *ret_string = decoder->strings[field->value];
    return 0;
}

size_t decoder_count_numbers(const struct reader_field *field)
{
    struct reader range = field->range;
    uint64_t number;
    size_t n = 0;

    if (!field->is_range)
        return 1;
    for (; range.at != range.end; n++)
        if (!reader_varint(&range, &number))
            return SIZE_MAX;
    return n;
}

bool decoder_next_number(struct reader_field *field, uint64_t *ret_number)
{
    if (field->is_range)
        return field->range.at != field->range.end && reader_varint(&field->range, ret_number);
    *ret_number = field->value;
    *field = (struct reader_field){.is_range = true};
    return true;
}
