/* The messages of profile.proto: types, mappings, functions, locations, samples. Owns nothing; called by profile.c. */
#include "profile/decoder.h"

static int take_type_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_type *type = row;

    switch (field->number) {
    case 1:
        return decoder_string(decoder, field, &type->type);
    case 2:
        return decoder_string(decoder, field, &type->unit);
    }
    return 0;
}

int rows_take_type(struct decoder *decoder, const struct reader_field *field, void *row)
{
    *(struct profile_type *)row = (struct profile_type){.type = "", .unit = ""};
    return decoder_walk_into(decoder, field, take_type_field, row);
}

static int take_mapping_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_mapping *mapping = row;

    switch (field->number) {
    case 1:
        mapping->id = field->value;
        break;
    case 2:
        mapping->start = field->value;
        break;
    case 3:
        mapping->limit = field->value;
        break;
    case 4:
        mapping->offset = field->value;
        break;
    case 5:
        return decoder_string(decoder, field, &mapping->file);
    case 6:
        return decoder_string(decoder, field, &mapping->build_id);
    }
    return 0;
}

int rows_take_mapping(struct decoder *decoder, const struct reader_field *field, void *row)
{
    *(struct profile_mapping *)row = (struct profile_mapping){.file = "", .build_id = ""};
    return decoder_walk_into(decoder, field, take_mapping_field, row);
}

static int take_function_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_function *function = row;

    switch (field->number) {
    case 1:
        function->id = field->value;
        break;
    case 2:
        return decoder_string(decoder, field, &function->name);
    case 3:
        return decoder_string(decoder, field, &function->system_name);
    case 4:
        return decoder_string(decoder, field, &function->file);
    }
    return 0;
}

int rows_take_function(struct decoder *decoder, const struct reader_field *field, void *row)
{
    *(struct profile_function *)row = (struct profile_function){.name = "", .system_name = "", .file = ""};
    return decoder_walk_into(decoder, field, take_function_field, row);
}

static int take_line_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_line *line = row;
    size_t at;

    if (field->number == 2)
        line->line = (int64_t)field->value;
    if (field->number != 1)
        return 0;
    if (!ids_find(&decoder->functions, field->value, &at))
        return decoder_out_of_range(decoder, "function", field->value);
    line->function = &decoder->profile->functions[at];
    return 0;
}

static int take_line(struct decoder *decoder, const struct reader_field *field, struct profile_line *line)
{
    int ret = decoder_walk_into(decoder, field, take_line_field, line);

    return ret == 0 && line->function == NULL ? decoder_malformed(decoder, "a line without a function") : ret;
}

static int count_line(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_location *location = row;

    (void)decoder;
    location->n_lines += field->number == 4;
    return 0;
}

static int take_location_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_location *location = row;
    size_t at;

    switch (field->number) {
    case 1:
        location->id = field->value;
        break;
    case 2:
        if (field->value == 0)
            break;
        if (!ids_find(&decoder->mappings, field->value, &at))
            return decoder_out_of_range(decoder, "mapping", field->value);
        location->mapping = &decoder->profile->mappings[at];
        break;
    case 3:
        location->address = field->value;
        break;
    case 4:
        return take_line(decoder, field, &location->lines[location->n_lines++]);
    }
    return 0;
}

int rows_take_location(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_location *location = row;
    int ret = decoder_walk_into(decoder, field, count_line, location);

    if (ret == 0)
        ret = decoder_rows(decoder, location->n_lines, sizeof(*location->lines), &location->lines);
    location->n_lines = 0;
    return ret != 0 ? ret : decoder_walk_into(decoder, field, take_location_field, location);
}

static int take_label_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_label *label = row;

    switch (field->number) {
    case 1:
        return decoder_string(decoder, field, &label->key);
    case 2:
        return decoder_string(decoder, field, &label->value);
    case 3:
        label->number = (int64_t)field->value;
        break;
    case 4:
        return decoder_string(decoder, field, &label->unit);
    }
    return 0;
}

/* A sample that is being read: first its numbers are counted, then they are put in. */
struct sample_cursor {
    struct profile_sample *sample;
    size_t n_values;
};

static int count_sample_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct sample_cursor *cursor = row;
    size_t n = field->number == 1 || field->number == 2 ? decoder_count_numbers(field) : 0;

    if (n == SIZE_MAX)
        return decoder_malformed(decoder, "packed numbers are cut off");
    if (field->number == 1)
        cursor->sample->depth += n;
    if (field->number == 2)
        cursor->n_values += n;
    cursor->sample->n_labels += field->number == 3;
    return 0;
}

static int take_stack(struct decoder *decoder, struct reader_field numbers, struct profile_sample *sample)
{
    uint64_t id;
    size_t at;

    while (decoder_next_number(&numbers, &id)) {
        if (!ids_find(&decoder->locations, id, &at))
            return decoder_out_of_range(decoder, "location", id);
        sample->stack[sample->depth++] = &decoder->profile->locations[at];
    }
    return 0;
}

static int take_sample_field(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct sample_cursor *cursor = row;
    struct profile_sample *sample = cursor->sample;
    struct reader_field numbers = *field;
    struct profile_label *label;
    uint64_t number;

    switch (field->number) {
    case 1:
        return take_stack(decoder, numbers, sample);
    case 2:
        while (decoder_next_number(&numbers, &number))
            sample->values[cursor->n_values++] = (int64_t)number;
        break;
    case 3:
        label = &sample->labels[sample->n_labels++];
        *label = (struct profile_label){.key = "", .value = "", .unit = ""};
        return decoder_walk_into(decoder, field, take_label_field, label);
    }
    return 0;
}

int rows_take_sample(struct decoder *decoder, const struct reader_field *field, void *row)
{
    struct profile_sample *sample = row;
    struct sample_cursor cursor = {.sample = sample};
    int ret = decoder_walk_into(decoder, field, count_sample_field, &cursor);

    if (ret == 0 && cursor.n_values != decoder->profile->n_types)
        return decoder_malformed(decoder, "a sample has not one value for each type");
    if (ret == 0)
        ret = decoder_rows(decoder, sample->depth, sizeof(struct profile_location *), &sample->stack);
    if (ret == 0)
        ret = decoder_rows(decoder, cursor.n_values, sizeof(*sample->values), &sample->values);
    if (ret == 0)
        ret = decoder_rows(decoder, sample->n_labels, sizeof(*sample->labels), &sample->labels);
    sample->depth = sample->n_labels = cursor.n_values = 0;
    return ret != 0 ? ret : decoder_walk_into(decoder, field, take_sample_field, &cursor);
}
