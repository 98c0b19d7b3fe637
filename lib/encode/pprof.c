/*
 * The encoder of profile.proto (github.com/google/pprof). Owns nothing; called by dump/.
 *
 * Fields of a message may come in any order, so samples are written first, and ids are given to locations, functions,
 * mappings and strings as they are met; then those are written, in the order of their ids, from 1 without a gap.
 */
#include "base/sink.h"
#include "encode/profile.h"
#include "encode/wire.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "base/text.h"
#include "store/site_table.h"

#include <errno.h>
#include <string.h>

#define TABLE_ARENA (encoder->arena)
#include "base/table.h"

enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING_TABLE = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_STR = 2 };
enum { LOCATION_ID = 1, LOCATION_MAPPING_ID = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4, LINE_FUNCTION_ID = 1 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3 };
enum {
    MAPPING_ID = 1,
    MAPPING_MEMORY_START = 2,
    MAPPING_MEMORY_LIMIT = 3,
    MAPPING_FILE_OFFSET = 4,
    MAPPING_FILENAME = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
};

/* Something that has an id in the file: found by what it stands for, kept in the order of the ids. */
struct item {
    const void *of; /* a location, a segment, or a text */
    const void *more; /* the segment's module; a bare address's location */
    uint64_t id;
    struct item *next;
    UT_hash_handle hh;
};

struct items {
    struct item *by_key;
    struct item *first;
    struct item **last;
    uint64_t count;
};

/* The ids of addresses that were asked for last. */
struct recent_location {
    uintptr_t pc;
    uint32_t epoch;
    uint32_t id; /* 0: none */
};

#define RECENT_LOCATIONS 4096u

struct encoder {
    struct sink *sink;
    struct arena *arena;
    const struct encode_profile *profile;
    struct items locations, functions, mappings, strings;
    struct items bare; /* addresses without a location */
    struct wire wire, inner, values;
    uintptr_t pcs[SITE_DEPTH_MAX];
    struct recent_location recent[RECENT_LOCATIONS];
    int error;
};

static void fail(struct encoder *encoder, int error)
{
    if (encoder->error == 0)
        encoder->error = error;
}

static void append(struct items *items, struct item *item)
{
    if (items->first == NULL)
        items->last = &items->first;
    *items->last = item;
    items->last = &item->next;
    item->id = ++items->count;
}

static struct item *make_item(struct encoder *encoder, const void *of, const void *more)
{
    struct item *item = arena_alloc(encoder->arena, sizeof(*item));

    if (item == NULL) {
        fail(encoder, -ENOMEM);
        return NULL;
    }
    item->of = of;
    item->more = more;
    return item;
}

/* Gives a new item its id; 0 when it did not get into the table. */
static uint64_t settle(struct encoder *encoder, struct items *items, struct item *item)
{
    if (!TABLE_ADDED(item)) {
        fail(encoder, -ENOMEM);
        return 0;
    }
    append(items, item);
    return item->id;
}

/* The id of a thing that is known by its address; 0 after a failure. */
static uint64_t id_of(struct encoder *encoder, struct items *items, const void *of, const void *more)
{
    struct item *item;

    HASH_FIND_PTR(items->by_key, &of, item);
    if (item != NULL)
        return item->id;
    item = make_item(encoder, of, more);
    if (item == NULL)
        return 0;
    HASH_ADD_PTR(items->by_key, of, item);
    return settle(encoder, items, item);
}

/* The same for a text, which is known by what it says. */
static uint64_t id_of_text(struct encoder *encoder, struct items *items, const char *text)
{
    struct item *item;

    HASH_FIND_STR(items->by_key, text, item);
    if (item != NULL)
        return item->id;
    item = make_item(encoder, text, NULL);
    if (item == NULL)
        return 0;
    HASH_ADD_KEYPTR(hh, items->by_key, text, strlen(text), item);
    return settle(encoder, items, item);
}

/* The format wants UTF-8; paths and what the program's user has given can be anything. */
static const char *make_clean(struct encoder *encoder, const char *bytes, size_t len)
{
    struct text text = {.buf = arena_alloc(encoder->arena, len + 1), .size = len + 1};

    if (text.buf == NULL) {
        fail(encoder, -ENOMEM);
        return "";
    }
    text_add_clean(&text, bytes, len);
    return text.buf;
}

/* The table's first text is "", number 0, so numbers here are ids - 1. */
static uint64_t string_of(struct encoder *encoder, const char *text)
{
    size_t len = strlen(text);
    const char *clean = text_is_clean(text, len) ? text : make_clean(encoder, text, len);
    uint64_t id = id_of_text(encoder, &encoder->strings, clean);

    return id == 0 ? 0 : id - 1;
}

static uint64_t mapping_of(struct encoder *encoder, const struct location *location)
{
    const struct module *module = location->module;
    const struct module_segment *segment;

    if (module == NULL)
        return 0;
    segment = module->segments;
    while (location->pc < segment->start || location->pc >= segment->limit)
        segment++;
    return id_of(encoder, &encoder->mappings, segment, module);
}

/* For an address that there was no memory to look up: it is told without module and name. */
static const struct location *bare_location(struct encoder *encoder, uintptr_t pc)
{
    const void *of = (const void *)pc;
    struct location *location;
    struct item *item;

    HASH_FIND_PTR(encoder->bare.by_key, &of, item);
    if (item != NULL)
        return item->more;
    location = arena_alloc(encoder->arena, sizeof(*location));
    item = location == NULL ? NULL : make_item(encoder, of, location);
    if (item == NULL) {
        fail(encoder, -ENOMEM);
        return NULL;
    }
    location->pc = pc;
    HASH_ADD_PTR(encoder->bare.by_key, of, item);
    return settle(encoder, &encoder->bare, item) == 0 ? NULL : location;
}

static uint64_t location_of(struct encoder *encoder, uintptr_t pc, uint32_t epoch)
{
    struct recent_location *recent = &encoder->recent[(pc * 0x9e3779b97f4a7c15u >> 32) % RECENT_LOCATIONS];
    const struct location *location;

    if (recent->pc == pc && recent->epoch == epoch && recent->id != 0)
        return recent->id;
    location = locations_find(pc, epoch);
    if (location == NULL)
        location = bare_location(encoder, pc);
    if (location == NULL)
        return 0;
    *recent = (struct recent_location){pc, epoch, (uint32_t)id_of(encoder, &encoder->locations, location, NULL)};
    return recent->id;
}

static void write_message(struct encoder *encoder, unsigned field)
{
    if (encoder->error == 0)
        encoder->error = wire_write(encoder->sink, field, &encoder->wire);
}

static void write_value_type(struct encoder *encoder, unsigned field, const struct value_type *type)
{
    wire_init(&encoder->wire);
    wire_uint(&encoder->wire, VALUE_TYPE_TYPE, string_of(encoder, type->type));
    wire_uint(&encoder->wire, VALUE_TYPE_UNIT, string_of(encoder, type->unit));
    write_message(encoder, field);
}

static void add_label(struct encoder *encoder, const char *key, const char *value)
{
    if (value == NULL)
        return;
    wire_init(&encoder->inner);
    wire_uint(&encoder->inner, LABEL_KEY, string_of(encoder, key));
    wire_uint(&encoder->inner, LABEL_STR, string_of(encoder, value));
    wire_message(&encoder->wire, SAMPLE_LABEL, &encoder->inner);
}

static void write_sample(struct encoder *encoder, const struct snapshot_row *row)
{
    struct stack stack;

    site_stack(row->site, encoder->pcs, &stack);
    wire_init(&encoder->wire);
    wire_init(&encoder->values);
    for (uint32_t i = 0; i < stack.depth; i++)
        wire_value(&encoder->values, location_of(encoder, stack.pcs[i], stack.epoch));
    wire_packed(&encoder->wire, SAMPLE_LOCATION_ID, &encoder->values);
    wire_init(&encoder->values);
    for (unsigned i = 0; i < encoder->profile->type->n_values; i++)
        wire_value(&encoder->values, (uint64_t)row->values[encoder->profile->type->first_value + i]);
    wire_packed(&encoder->wire, SAMPLE_VALUE, &encoder->values);
    for (unsigned i = 0; i < row->n_labels; i++)
        add_label(encoder, row->labels[i].key, locations_label(&row->labels[i], stack.epoch));
    if (stack.truncated)
        add_label(encoder, "stack", "truncated");
    write_message(encoder, PROFILE_SAMPLE);
}

static void write_location(struct encoder *encoder, const struct item *item)
{
    const struct location *location = item->of;

    wire_init(&encoder->wire);
    wire_uint(&encoder->wire, LOCATION_ID, item->id);
    wire_uint(&encoder->wire, LOCATION_MAPPING_ID, mapping_of(encoder, location));
    wire_uint(&encoder->wire, LOCATION_ADDRESS, location->pc);
    if (location->function != NULL) {
        wire_init(&encoder->inner);
        wire_uint(&encoder->inner, LINE_FUNCTION_ID, id_of_text(encoder, &encoder->functions, location->function));
        wire_message(&encoder->wire, LOCATION_LINE, &encoder->inner);
    }
    write_message(encoder, PROFILE_LOCATION);
}

/* Readers demangle a name that equals its system name. */
static void write_function(struct encoder *encoder, const struct item *item)
{
    uint64_t name = string_of(encoder, item->of);

    wire_init(&encoder->wire);
    wire_uint(&encoder->wire, FUNCTION_ID, item->id);
    wire_uint(&encoder->wire, FUNCTION_NAME, name);
    wire_uint(&encoder->wire, FUNCTION_SYSTEM_NAME, name);
    write_message(encoder, PROFILE_FUNCTION);
}

static const char *build_id_of(struct encoder *encoder, const struct module *module)
{
    char buf[2 * MODULE_BUILD_ID_MAX + 1] = "";
    struct text text = TEXT_ON(buf);
    const char *copy;

    text_add_hex_bytes(&text, module->build_id, module->build_id_len);
    copy = arena_strndup(encoder->arena, buf, text.len);
    if (copy == NULL)
        fail(encoder, -ENOMEM);
    return copy == NULL ? "" : copy;
}

static void write_mapping(struct encoder *encoder, const struct item *item)
{
    const struct module_segment *segment = item->of;
    const struct module *module = item->more;

    wire_init(&encoder->wire);
    wire_uint(&encoder->wire, MAPPING_ID, item->id);
    wire_uint(&encoder->wire, MAPPING_MEMORY_START, segment->start);
    wire_uint(&encoder->wire, MAPPING_MEMORY_LIMIT, segment->limit);
    wire_uint(&encoder->wire, MAPPING_FILE_OFFSET, segment->file_offset);
    wire_uint(&encoder->wire, MAPPING_FILENAME, string_of(encoder, module->path));
    wire_uint(&encoder->wire, MAPPING_BUILD_ID, string_of(encoder, build_id_of(encoder, module)));
    wire_bool(&encoder->wire, MAPPING_HAS_FUNCTIONS, encoder->profile->has_functions);
    write_message(encoder, PROFILE_MAPPING);
}

static void write_items(struct encoder *encoder, const struct items *items,
                        void (*write)(struct encoder *encoder, const struct item *item))
{
    for (const struct item *item = items->first; item != NULL && encoder->error == 0; item = item->next)
        write(encoder, item);
}

static void write_uint(struct encoder *encoder, unsigned field, uint64_t value)
{
    if (encoder->error == 0)
        encoder->error = wire_write_uint(encoder->sink, field, value);
}

static void write_string(struct encoder *encoder, const struct item *item)
{
    encoder->error = wire_write_text(encoder->sink, PROFILE_STRING_TABLE, item->of, strlen(item->of));
}

static void write_header(struct encoder *encoder)
{
    const struct encode_profile *profile = encoder->profile;
    const struct profile_type *type = profile->type;

    for (unsigned i = 0; i < type->n_values; i++)
        write_value_type(encoder, PROFILE_SAMPLE_TYPE, &type->values[i]);
    write_value_type(encoder, PROFILE_PERIOD_TYPE, &type->period);
    write_uint(encoder, PROFILE_PERIOD, profile->period);
    write_uint(encoder, PROFILE_TIME_NANOS, (uint64_t)profile->time_ns);
    write_uint(encoder, PROFILE_DURATION_NANOS, (uint64_t)profile->duration_ns);
    write_uint(encoder, PROFILE_DEFAULT_SAMPLE_TYPE, string_of(encoder, type->values[type->n_values - 1].type));
    for (size_t i = 0; i < profile->n_comments; i++)
        write_uint(encoder, PROFILE_COMMENT, string_of(encoder, profile->comments[i]));
}

/* Readers take the first mapping for the program's. */
static void number_program(struct encoder *encoder)
{
    const struct module *program = modules_program();

    if (program != NULL && program->n_segments > 0)
        id_of(encoder, &encoder->mappings, &program->segments[0], program);
}

int encode_pprof(const struct encode_profile *profile, struct sink *sink, struct arena *arena)
{
    struct encoder *encoder = arena_alloc(arena, sizeof(*encoder));

    if (encoder == NULL)
        return -ENOMEM;
    encoder->sink = sink;
    encoder->arena = arena;
    encoder->profile = profile;
    string_of(encoder, "");
    number_program(encoder);
    write_header(encoder);
    for (const struct snapshot_row *row = profile->rows; row != NULL && encoder->error == 0; row = row->next)
        if (snapshot_row_is_of(row, profile->type))
            write_sample(encoder, row);
    write_items(encoder, &encoder->locations, write_location);
    write_items(encoder, &encoder->functions, write_function);
    write_items(encoder, &encoder->mappings, write_mapping);
    write_items(encoder, &encoder->strings, write_string);
    return encoder->error;
}
