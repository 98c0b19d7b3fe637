/*
 * Inside of the reader of profiles: its state, and the pieces that profile.c (the top level) and rows.c (the messages
 * below it) are made of. Functions return 0 or -errno, with a line in `why`.
 */
#ifndef LEAKTRACE_PROFILE_DECODER_H
#define LEAKTRACE_PROFILE_DECODER_H

#include "profile/ids.h"
#include "profile/profile.h"
#include "profile/reader.h"

/* The fields of the top level that are read. */
enum {
    PROFILE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_TYPE = 14,
    PROFILE_FIELDS = 16,
};

struct decoder {
    struct profile *profile;
    struct reader top;
    size_t counts[PROFILE_FIELDS];
    const char **strings;
    struct ids mappings;
    struct ids functions;
    struct ids locations;
    struct text *why;
};

/* Takes one field of a message into `row`; unknown fields are passed over. */
typedef int decoder_take(struct decoder *decoder, const struct reader_field *field, void *row);

/* Both return -EINVAL. */
int decoder_malformed(struct decoder *decoder, const char *what);
int decoder_out_of_range(struct decoder *decoder, const char *what, uint64_t number);
/* Returns -ENOMEM. */
int decoder_short_of_memory(struct decoder *decoder);

/* Zeroed room for `n` rows in `ret_rows` (a pointer to the pointer), NULL for none; -ENOMEM. */
int decoder_rows(struct decoder *decoder, size_t n, size_t size, void *ret_rows);

/* Gives all fields of `message` to `take`, until one fails. */
int decoder_walk(struct decoder *decoder, struct reader message, decoder_take *take, void *row);
/* The same for the fields of a field, which must be a message. */
int decoder_walk_into(struct decoder *decoder, const struct reader_field *field, decoder_take *take, void *row);

/* The string that the field's number stands for. */
int decoder_string(struct decoder *decoder, const struct reader_field *field, const char **ret_string);

/* How many numbers a repeated field holds, packed or not; SIZE_MAX when it is malformed. */
size_t decoder_count_numbers(const struct reader_field *field);
/* Hands out, one by one, the numbers of a field that decoder_count_numbers() has found well-formed. */
bool decoder_next_number(struct reader_field *field, uint64_t *ret_number);

/* The messages (rows.c): each reads one row, whose strings and pointers are empty before. */
decoder_take rows_take_type, rows_take_mapping, rows_take_function, rows_take_location, rows_take_sample;

#endif
