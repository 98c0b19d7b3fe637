/* The encoder of profile.proto: its bytes read back by the command's own reader, and compared field by field. */
#include "../support/memory_sink.h"
#include "../support/unit.h"

/* The reader has a struct profile_type of its own. */
#define profile_type read_profile_type
#include "profile/profile.h"
#undef profile_type

#include "base/memory.h"
#include "base/sink.h"
#include "base/text.h"
#include "encode/profile.h"
#include "encode/wire.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "store/site_table.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX (8u << 20)
#define SHOWN __attribute__((visibility("default"), noinline))

static struct memory_sink output;
static struct arena arena;
static struct profile profile;

static int begin(void **state)
{
    (void)state;
    output = (struct memory_sink){.sink = {.write = memory_sink_keep}, .bytes = malloc(BYTES_MAX), .room = BYTES_MAX};
    profile = (struct profile){0};
    return output.bytes == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    free(output.bytes);
    arena_release(&arena);
    if (profile.n_types > 0)
        profile_release(&profile);
    return 0;
}

SHOWN void first_function(void)
{
    __asm__ volatile("nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
}

SHOWN void second_function(void)
{
    __asm__ volatile("nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
}

static struct site *site_of(enum kind kind, const uintptr_t *pcs, uint32_t depth, bool truncated)
{
    struct stack stack = {.pcs = pcs, .depth = depth, .truncated = truncated};
    struct site *site = site_table_intern(kind, &stack);

    assert_non_null(site);
    return site;
}

/* Encodes and reads back. */
static void write_and_read(const struct encode_profile *given)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);

    assert_int_equal(modules_refresh(), 0);
    assert_int_equal(locations_update(true), 0);
    assert_int_equal(encode_pprof(given, &output.sink, &arena), 0);
    if (profile_decode(output.bytes, output.len, BYTES_MAX, &profile, &why) != 0)
        fail_msg("%s", why_buf);
}

static void assert_ids_from_one(void)
{
    for (size_t i = 0; i < profile.n_locations; i++)
        assert_int_equal(profile.locations[i].id, i + 1);
    for (size_t i = 0; i < profile.n_functions; i++)
        assert_int_equal(profile.functions[i].id, i + 1);
    for (size_t i = 0; i < profile.n_mappings; i++)
        assert_int_equal(profile.mappings[i].id, i + 1);
}

static void the_header_says_what_it_is_given(void **state)
{
    static const char *const comments[] = {"leaktrace 1", "pid 12", "command a b"};
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP],
                                   .time_ns = 1700000000123456789,
                                   .duration_ns = 98765432101,
                                   .comments = comments,
                                   .n_comments = ARRAY_LEN(comments)};

    (void)state;
    write_and_read(&given);
    assert_int_equal(profile.n_types, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(profile.types[i].type, profile_types[PROFILE_HEAP].values[i].type);
        assert_string_equal(profile.types[i].unit, profile_types[PROFILE_HEAP].values[i].unit);
    }
    assert_string_equal(profile.default_type, "inuse_space");
    assert_int_equal(profile.time_ns, given.time_ns);
    assert_int_equal(profile.duration_ns, given.duration_ns);
    assert_int_equal(profile.n_comments, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_string_equal(profile.comments[i], comments[i]);
    assert_int_equal(profile.n_samples + profile.n_locations + profile.n_functions, 0);
    assert_int_equal(profile.n_mappings, 1);
}

static void every_profile_has_its_types_and_the_last_is_the_default(void **state)
{
    (void)state;
    for (enum profile_id id = 0; id < PROFILE_MAX; id++) {
        const struct profile_type *type = &profile_types[id];
        struct encode_profile given = {.type = type};

        output.len = 0;
        write_and_read(&given);
        assert_int_equal(profile.n_types, type->n_values);
        assert_string_equal(profile.default_type, type->values[type->n_values - 1].type);
        assert_null(strchr(type->name, '-'));
        profile_release(&profile);
        profile = (struct profile){0};
    }
}

static void a_sample_has_its_stack_values_and_labels(void **state)
{
    const uintptr_t pcs[] = {(uintptr_t)first_function + 2, (uintptr_t)second_function + 3, (uintptr_t)first_function + 4};
    struct snapshot_row second = {.site = site_of(KIND_FD, pcs + 1, 2, true), .values = {3, INT64_MAX}};
    struct snapshot_row first = {.site = site_of(KIND_FD, pcs, 3, false),
                                 .values = {7, -2},
                                 .labels = (const struct snapshot_label[]){{"type", "tcp"}, {"peer", "127.0.0.1:80"}},
                                 .n_labels = 2,
                                 .next = &second};
    struct encode_profile given = {.type = &profile_types[PROFILE_FD], .rows = &first, .has_functions = true};
    const struct profile_sample *sample;

    (void)state;
    write_and_read(&given);
    assert_ids_from_one();
    assert_int_equal(profile.n_samples, 2);
    assert_int_equal(profile.n_locations, 3);
    assert_int_equal(profile.n_functions, 2);
    assert_int_equal(profile.n_mappings, 1);
    sample = &profile.samples[0];
    assert_int_equal(sample->depth, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(sample->stack[i]->address, pcs[i]);
        assert_int_equal(sample->stack[i]->n_lines, 1);
        assert_string_equal(sample->stack[i]->lines[0].function->name, i == 1 ? "second_function" : "first_function");
        assert_string_equal(sample->stack[i]->lines[0].function->system_name, sample->stack[i]->lines[0].function->name);
        assert_ptr_equal(sample->stack[i]->mapping, &profile.mappings[0]);
    }
    assert_int_equal(sample->values[0], 7);
    assert_int_equal(sample->values[1], -2);
    assert_int_equal(sample->n_labels, 2);
    assert_string_equal(sample->labels[0].key, "type");
    assert_string_equal(sample->labels[0].value, "tcp");
    assert_string_equal(sample->labels[1].key, "peer");
    assert_string_equal(sample->labels[1].value, "127.0.0.1:80");
    sample = &profile.samples[1];
    assert_int_equal(sample->depth, 2);
    assert_ptr_equal(sample->stack[0], profile.samples[0].stack[1]);
    assert_int_equal(sample->values[1], INT64_MAX);
    assert_int_equal(sample->n_labels, 1);
    assert_string_equal(sample->labels[0].key, "stack");
    assert_string_equal(sample->labels[0].value, "truncated");
}

/* Also where no stack runs through the program itself. */
static void the_first_mapping_is_the_program_s(void **state)
{
    const uintptr_t pcs[] = {(uintptr_t)dlsym(RTLD_DEFAULT, "lfind")};
    struct snapshot_row row = {.site = site_of(KIND_HEAP, pcs, 1, false), .values = {1, 1, 1, 1}};
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP], .rows = &row};

    (void)state;
    write_and_read(&given);
    assert_int_equal(profile.n_mappings, 2);
    assert_in_range((uintptr_t)first_function, profile.mappings[0].start, profile.mappings[0].limit - 1);
    assert_ptr_equal(profile.samples[0].stack[0]->mapping, &profile.mappings[1]);
}

static void each_module_s_code_is_a_mapping_with_its_build_id(void **state)
{
    const uintptr_t pcs[] = {(uintptr_t)first_function, (uintptr_t)dlsym(RTLD_DEFAULT, "lfind"), (uintptr_t)dlsym(RTLD_DEFAULT, "getpid")};
    struct snapshot_row row = {.site = site_of(KIND_HEAP, pcs, 3, false), .values = {1, 1, 1, 1}};
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP], .rows = &row, .has_functions = true};
    char exe[4096];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    (void)state;
    assert_true(len > 0);
    exe[len] = '\0';
    write_and_read(&given);
    assert_ids_from_one();
    assert_int_equal(profile.n_mappings, 2);
    assert_string_equal(profile.mappings[0].file, exe);
    assert_non_null(strstr(profile.mappings[1].file, "/libc.so"));
    for (unsigned i = 0; i < 3; i++) {
        const struct profile_mapping *mapping = profile.samples[0].stack[i]->mapping;
        const struct module *module = modules_find(pcs[i], 0);
        char hex[2 * MODULE_BUILD_ID_MAX + 1] = "";

        assert_in_range(pcs[i], mapping->start, mapping->limit - 1);
        for (unsigned byte = 0; byte < module->build_id_len; byte++)
            snprintf(hex + 2 * byte, 3, "%02x", module->build_id[byte]);
        assert_string_equal(mapping->build_id, hex);
    }
}

static void an_address_in_no_module_has_no_mapping(void **state)
{
    const uintptr_t pcs[] = {4096, (uintptr_t)first_function};
    struct snapshot_row row = {.site = site_of(KIND_HEAP, pcs, 2, true), .values = {1, 1, 1, 1}};
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP], .rows = &row};

    (void)state;
    write_and_read(&given);
    assert_null(profile.samples[0].stack[0]->mapping);
    assert_int_equal(profile.samples[0].stack[0]->address, 4096);
    assert_int_equal(profile.samples[0].stack[0]->n_lines, 0);
    assert_non_null(profile.samples[0].stack[1]->mapping);
}

static void the_deepest_stack_and_very_many_samples_fit(void **state)
{
    static uintptr_t pcs[512];
    struct snapshot_row *rows = calloc(20000, sizeof(*rows));
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP], .rows = rows};

    (void)state;
    assert_non_null(rows);
    for (unsigned i = 0; i < ARRAY_LEN(pcs); i++)
        pcs[i] = 0x7fff00000000 + i;
    site_set_depth(512);
    rows[0] = (struct snapshot_row){.site = site_of(KIND_HEAP, pcs, 512, true), .next = &rows[1]};
    for (unsigned i = 1; i < 20000; i++) {
        const uintptr_t pc[] = {0x1000000 + i};

        rows[i] = (struct snapshot_row){.site = site_of(KIND_HEAP, pc, 1, true),
                                        .values = {i, i, i, i},
                                        .next = i < 19999 ? &rows[i + 1] : NULL};
    }
    write_and_read(&given);
    assert_int_equal(profile.n_samples, 20000);
    assert_int_equal(profile.samples[0].depth, 512);
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(profile.samples[0].stack[i]->address, pcs[i]);
    for (unsigned i = 1; i < 20000; i++) {
        assert_int_equal(profile.samples[i].stack[0]->address, 0x1000000 + i);
        assert_int_equal(profile.samples[i].values[3], i);
    }
    assert_ids_from_one();
    site_set_depth(64);
    free(rows);
}

static void texts_that_are_not_clean_utf_8_are_made_so(void **state)
{
    static const char *const comments[] = {"options dir=/tmp/\xff\xfe", "caf\xc3\xa9"};
    const uintptr_t pcs[] = {(uintptr_t)first_function};
    struct snapshot_row row = {.site = site_of(KIND_FD, pcs, 1, false),
                               .values = {1, 1},
                               .labels = (const struct snapshot_label[]){{"peer", "/run/\x80socket"}},
                               .n_labels = 1};
    struct encode_profile given = {.type = &profile_types[PROFILE_FD], .rows = &row, .comments = comments, .n_comments = 2};

    (void)state;
    write_and_read(&given);
    assert_string_equal(profile.comments[0], "options dir=/tmp/??");
    assert_string_equal(profile.comments[1], "caf\xc3\xa9");
    assert_string_equal(profile.samples[0].labels[0].value, "/run/?socket");
}

static void an_error_of_the_sink_or_of_memory_is_the_answer(void **state)
{
    const uintptr_t pcs[] = {(uintptr_t)first_function};
    struct snapshot_row row = {.site = site_of(KIND_HEAP, pcs, 1, false), .values = {1, 1, 1, 1}};
    struct encode_profile given = {.type = &profile_types[PROFILE_HEAP], .rows = &row};
    size_t whole;

    (void)state;
    write_and_read(&given);
    whole = output.len;
    for (size_t room = 0; room < whole; room++) {
        output.room = room;
        output.len = 0;
        assert_int_equal(encode_pprof(&given, &output.sink, &arena), -ENOSPC);
    }
    output.room = whole;
    output.len = 0;
    assert_int_equal(encode_pprof(&given, &output.sink, &arena), 0);
    arena_release(&arena);
    memory_set_cap(1);
    assert_int_equal(encode_pprof(&given, &output.sink, &arena), -ENOMEM);
    memory_set_cap(0);
}

/* --- the wire ----------------------------------------------------------------------------------------------------- */

static void numbers_have_the_bytes_of_the_specification(void **state)
{
    struct wire wire, inner;

    (void)state;
    wire_init(&wire);
    wire_uint(&wire, 1, 150);
    assert_memory_equal(wire.bytes, "\x08\x96\x01", 3);
    wire_uint(&wire, 1, 0);
    wire_int(&wire, 2, 0);
    wire_bool(&wire, 3, false);
    assert_int_equal(wire.len, 3);
    wire_int(&wire, 2, -1);
    assert_memory_equal(wire.bytes + 3, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    wire_bool(&wire, 16, true);
    assert_memory_equal(wire.bytes + 14, "\x80\x01\x01", 3);
    wire_init(&inner);
    wire_value(&inner, 3);
    wire_value(&inner, 270);
    wire_init(&wire);
    wire_packed(&wire, 4, &inner);
    assert_int_equal(wire.len, 5);
    assert_memory_equal(wire.bytes, "\x22\x03\x03\x8e\x02", 5);
    wire_init(&inner);
    wire_packed(&wire, 4, &inner);
    assert_int_equal(wire.len, 5);
    wire_message(&wire, 5, &inner);
    assert_memory_equal(wire.bytes + 5, "\x2a\x00", 2);
    assert_false(wire.full);
}

static void a_message_that_is_not_whole_is_refused(void **state)
{
    static struct wire inner, outer;

    (void)state;
    wire_init(&inner);
    for (unsigned i = 0; i < WIRE_SIZE_MAX - 1; i++)
        wire_value(&inner, 1);
    wire_value(&inner, 128);
    assert_true(inner.full);
    assert_int_equal(inner.len, WIRE_SIZE_MAX - 1);
    wire_init(&outer);
    wire_message(&outer, 1, &inner);
    assert_true(outer.full);
    assert_int_equal(wire_write(&output.sink, 1, &inner), -EMSGSIZE);
    assert_int_equal(wire_write(&output.sink, 1, &outer), -EMSGSIZE);
    assert_int_equal(output.len, 0);
}

#define ENCODED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENCODED(the_header_says_what_it_is_given),
        ENCODED(every_profile_has_its_types_and_the_last_is_the_default),
        ENCODED(a_sample_has_its_stack_values_and_labels),
        ENCODED(the_first_mapping_is_the_program_s),
        ENCODED(each_module_s_code_is_a_mapping_with_its_build_id),
        ENCODED(an_address_in_no_module_has_no_mapping),
        ENCODED(the_deepest_stack_and_very_many_samples_fit),
        ENCODED(texts_that_are_not_clean_utf_8_are_made_so),
        ENCODED(an_error_of_the_sink_or_of_memory_is_the_answer),
        ENCODED(numbers_have_the_bytes_of_the_specification),
        ENCODED(a_message_that_is_not_whole_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
