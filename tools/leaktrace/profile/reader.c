/* The protobuf field reader. Owns nothing; called by profile.c. */
#include "profile/reader.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_RANGE = 2,
    WIRE_FIXED32 = 5,
};

bool reader_varint(struct reader *reader, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (reader->at == reader->end)
            return false;
        byte = *reader->at++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_fixed(struct reader *reader, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    if ((size_t)(reader->end - reader->at) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += size;
    *ret_value = value;
    return true;
}

static bool take_range(struct reader *reader, struct reader *ret_range)
{
    uint64_t len;

    if (!reader_varint(reader, &len) || len > (uint64_t)(reader->end - reader->at))
        return false;
    *ret_range = (struct reader){.at = reader->at, .end = reader->at + len};
    reader->at += len;
    return true;
}

static bool take_body(struct reader *reader, enum wire_type type, struct reader_field *field)
{
    switch (type) {
    case WIRE_VARINT:
        return reader_varint(reader, &field->value);
    case WIRE_FIXED64:
        return take_fixed(reader, 8, &field->value);
    case WIRE_FIXED32:
        return take_fixed(reader, 4, &field->value);
    case WIRE_RANGE:
        field->is_range = true;
        return take_range(reader, &field->range);
    }
    return false;
}

enum reader_result reader_next(struct reader *reader, struct reader_field *ret_field)
{
    struct reader_field field = {0};
    uint64_t tag;

    if (reader->at == reader->end)
        return READER_END;
    if (!reader_varint(reader, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return READER_MALFORMED;
    field.number = (uint32_t)tag >> 3;
    if (!take_body(reader, (enum wire_type)(tag & 7), &field))
        return READER_MALFORMED;
    *ret_field = field;
    return READER_FIELD;
}
