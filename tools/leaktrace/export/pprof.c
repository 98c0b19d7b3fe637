/*
 * pprof's own format, with the lines that were found: what `go tool pprof` shows without asking for symbols. Owns nothing;
 * called by `leaktrace export`.
 *
 * Rows keep their ids; strings are numbered as they are met, and come last.
 */
#include "export/export.h"

#include "base/arena.h"
#include "base/sink.h"
#include "common.h"
#include "encode/wire.h"
#include "profile/profile.h"

/* For base/table.h: the arena of the writer in hand. */
#define TABLE_ARENA (&writer->arena)
#include "base/table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct string {
    uint64_t number;
    struct string *next; /* the one that was met after it */
    UT_hash_handle hh;
    char text[];
};

/* Bytes go through gzip into a file. */
struct gzip_sink {
    struct sink sink;
    gzFile file;
};

struct writer {
    const struct profile *profile;
    struct gzip_sink gzip;
    struct arena arena;
    struct string *strings, *first, *last;
    uint64_t n_strings;
    struct wire wire, inner; /* a message, and one in it */
    int error;
};

static int write_gzip(struct sink *sink, const void *bytes, size_t len)
{
    struct gzip_sink *gzip = (struct gzip_sink *)sink;

    return len == 0 || gzwrite(gzip->file, bytes, (unsigned)len) == (int)len ? 0 : -EIO;
}

static uint64_t string_of(struct writer *writer, const char *text)
{
    size_t len = strlen(text);
    struct string *string;

    HASH_FIND(hh, writer->strings, text, len, string);
    if (string != NULL)
        return string->number;
    string = must_take(&writer->arena, sizeof(*string) + len + 1);
    memcpy(string->text, text, len + 1);
    string->number = writer->n_strings++;
    if (writer->last != NULL)
        writer->last->next = string;
    else
        writer->first = string;
    writer->last = string;
    HASH_ADD(hh, writer->strings, text, len, string);
    if (!TABLE_ADDED(string))
        must_end();
    return string->number;
}

static void write_message(struct writer *writer, unsigned field)
{
    if (writer->error == 0)
        writer->error = wire_write(&writer->gzip.sink, field, &writer->wire);
}

static void write_number(struct writer *writer, unsigned field, int64_t number)
{
    if (writer->error == 0)
        writer->error = wire_write_uint(&writer->gzip.sink, field, (uint64_t)number);
}

static void write_type(struct writer *writer, unsigned field, const struct profile_type *type)
{
    wire_init(&writer->wire);
    wire_uint(&writer->wire, 1, string_of(writer, type->type));
    wire_uint(&writer->wire, 2, string_of(writer, type->unit));
    write_message(writer, field);
}

static void add_label(struct writer *writer, const struct profile_label *label)
{
    wire_init(&writer->inner);
    wire_uint(&writer->inner, 1, string_of(writer, label->key));
    wire_uint(&writer->inner, 2, string_of(writer, label->value));
    wire_int(&writer->inner, 3, label->number);
    wire_uint(&writer->inner, 4, string_of(writer, label->unit));
    wire_message(&writer->wire, 3, &writer->inner);
}

static void write_sample(struct writer *writer, const struct profile_sample *sample)
{
    wire_init(&writer->wire);
    wire_init(&writer->inner);
    for (size_t i = 0; i < sample->depth; i++)
        wire_value(&writer->inner, sample->stack[i]->id);
    wire_packed(&writer->wire, 1, &writer->inner);
    wire_init(&writer->inner);
    for (size_t i = 0; i < writer->profile->n_types; i++)
        wire_value(&writer->inner, (uint64_t)sample->values[i]);
    wire_packed(&writer->wire, 2, &writer->inner);
    for (size_t i = 0; i < sample->n_labels; i++)
        add_label(writer, &sample->labels[i]);
    write_message(writer, 2);
}

/* What a mapping's locations have been given. */
struct found {
    bool functions, files, lines, inlined;
};

static struct found found_in(const struct profile *profile, const struct profile_mapping *mapping)
{
    struct found found = {.functions = false};

    for (size_t i = 0; i < profile->n_locations; i++) {
        const struct profile_location *location = &profile->locations[i];

        if (location->mapping != mapping)
            continue;
        found.functions = found.functions || location->n_lines > 0;
        found.inlined = found.inlined || location->n_lines > 1;
        for (size_t j = 0; j < location->n_lines; j++) {
            found.files = found.files || location->lines[j].function->file[0] != '\0';
            found.lines = found.lines || location->lines[j].line != 0;
        }
    }
    return found;
}

static void write_mapping(struct writer *writer, const struct profile_mapping *mapping)
{
    struct found found = found_in(writer->profile, mapping);

    wire_init(&writer->wire);
    wire_uint(&writer->wire, 1, mapping->id);
    wire_uint(&writer->wire, 2, mapping->start);
    wire_uint(&writer->wire, 3, mapping->limit);
    wire_uint(&writer->wire, 4, mapping->offset);
    wire_uint(&writer->wire, 5, string_of(writer, mapping->file));
    wire_uint(&writer->wire, 6, string_of(writer, mapping->build_id));
    wire_bool(&writer->wire, 7, found.functions);
    wire_bool(&writer->wire, 8, found.files);
    wire_bool(&writer->wire, 9, found.lines);
    wire_bool(&writer->wire, 10, found.inlined);
    write_message(writer, 3);
}

static void write_location(struct writer *writer, const struct profile_location *location)
{
    wire_init(&writer->wire);
    wire_uint(&writer->wire, 1, location->id);
    wire_uint(&writer->wire, 2, location->mapping == NULL ? 0 : location->mapping->id);
    wire_uint(&writer->wire, 3, location->address);
    for (size_t i = 0; i < location->n_lines; i++) {
        wire_init(&writer->inner);
        wire_uint(&writer->inner, 1, location->lines[i].function->id);
        wire_int(&writer->inner, 2, location->lines[i].line);
        wire_message(&writer->wire, 4, &writer->inner);
    }
    write_message(writer, 4);
}

static void write_function(struct writer *writer, const struct profile_function *function)
{
    wire_init(&writer->wire);
    wire_uint(&writer->wire, 1, function->id);
    wire_uint(&writer->wire, 2, string_of(writer, function->name));
    wire_uint(&writer->wire, 3, string_of(writer, function->system_name));
    wire_uint(&writer->wire, 4, string_of(writer, function->file));
    write_message(writer, 5);
}

static void write_header(struct writer *writer)
{
    const struct profile *profile = writer->profile;

    for (size_t i = 0; i < profile->n_types; i++)
        write_type(writer, 1, &profile->types[i]);
    write_number(writer, 9, profile->time_ns);
    write_number(writer, 10, profile->duration_ns);
    if (profile->period_type.type[0] != '\0')
        write_type(writer, 11, &profile->period_type);
    write_number(writer, 12, profile->period);
    for (size_t i = 0; i < profile->n_comments; i++)
        write_number(writer, 13, (int64_t)string_of(writer, profile->comments[i]));
    write_number(writer, 14, (int64_t)string_of(writer, profile->default_type));
}

static void write_rows(struct writer *writer)
{
    const struct profile *profile = writer->profile;

    string_of(writer, "");
    write_header(writer);
    for (size_t i = 0; i < profile->n_samples; i++)
        write_sample(writer, &profile->samples[i]);
    for (size_t i = 0; i < profile->n_mappings; i++)
        write_mapping(writer, &profile->mappings[i]);
    for (size_t i = 0; i < profile->n_locations; i++)
        write_location(writer, &profile->locations[i]);
    for (size_t i = 0; i < profile->n_functions; i++)
        write_function(writer, &profile->functions[i]);
    for (const struct string *string = writer->first; string != NULL && writer->error == 0; string = string->next)
        writer->error = wire_write_text(&writer->gzip.sink, 6, string->text, strlen(string->text));
}

int export_pprof(const struct export *export, FILE *out)
{
    struct writer writer = {.profile = export->profiles[0].profile, .gzip = {.sink = {.write = write_gzip}}};
    int fd;

    fflush(out);
    fd = dup(fileno(out));
    writer.gzip.file = fd < 0 ? NULL : gzdopen(fd, "wb");
    if (writer.gzip.file == NULL) {
        if (fd >= 0)
            close(fd);
        return fd < 0 ? -errno : -ENOMEM;
    }
    write_rows(&writer);
    if (gzclose(writer.gzip.file) != Z_OK && writer.error == 0)
        writer.error = -EIO;
    arena_release(&writer.arena);
    return writer.error;
}
