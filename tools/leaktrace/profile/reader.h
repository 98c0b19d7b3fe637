/*
 * Reading protobuf fields from a range of bytes: varints, fixed 32 and 64 bits, and nested ranges. Nothing is copied,
 * and nothing outside of the range is ever read.
 */
#ifndef LEAKTRACE_PROFILE_READER_H
#define LEAKTRACE_PROFILE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

enum reader_result {
    READER_END,
    READER_FIELD,
    READER_MALFORMED,
};

struct reader_field {
    uint32_t number;
    bool is_range;  /* a string, a message or packed numbers, in `range` */
    uint64_t value; /* otherwise */
    struct reader range;
};

/* Takes the next field. Groups, field number 0 and everything that does not end inside the range are malformed. */
enum reader_result reader_next(struct reader *reader, struct reader_field *ret_field);
/* Takes one varint; false when there is none, or one of more than 64 bits. */
bool reader_varint(struct reader *reader, uint64_t *ret_value);

#endif
