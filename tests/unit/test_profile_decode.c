/* The reader of profiles: what is well-formed comes out as it went in, and nothing else gets through or brings it down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "profile/profile.h"
#include "view/json.h"
#include "view/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BYTES_MAX (1u << 20)
#define FLIP_SEEDS 20000

/* An encoder just good enough to write what is to be read, well-formed or not. */
struct bytes {
    uint8_t at[4096];
    size_t len;
};

static void put_varint(struct bytes *bytes, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        bytes->at[bytes->len++] = (uint8_t)(value | 0x80);
    bytes->at[bytes->len++] = (uint8_t)value;
}

static void put_number(struct bytes *bytes, unsigned field, uint64_t value)
{
    put_varint(bytes, field << 3);
    put_varint(bytes, value);
}

static void put_range(struct bytes *bytes, unsigned field, const void *range, size_t len)
{
    put_varint(bytes, field << 3 | 2);
    put_varint(bytes, len);
    memcpy(bytes->at + bytes->len, range, len);
    bytes->len += len;
}

static void put_message(struct bytes *bytes, unsigned field, struct bytes message)
{
    put_range(bytes, field, message.at, message.len);
}

/* A message of `n` number fields: field, value, field, value, ... */
static struct bytes message_of(const uint64_t *pairs, size_t n)
{
    struct bytes message = {.len = 0};

    for (size_t i = 0; i < n; i++)
        put_number(&message, (unsigned)pairs[2 * i], pairs[2 * i + 1]);
    return message;
}

#define MESSAGE(...) message_of((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 16)

enum { EMPTY, FDS, COUNT, PROGRAM, BUILD_ID, CONNECT, SOURCE, COLLECT, TYPE, TCP, COMMENT, OPENED, STRINGS };

static void put_strings(struct bytes *bytes)
{
    static const char *const strings[STRINGS] = {"",     "inuse_fds",  "count",  "/opt/exporter",
                                                 "0a0b", "connect_to", "conn.c", "collect",
                                                 "type", "tcp",        "pid 12", "opened_fds"};

    for (unsigned i = 0; i < STRINGS; i++)
        put_range(bytes, 6, strings[i], strlen(strings[i]));
}

static void put_types(struct bytes *bytes)
{
    put_message(bytes, 1, MESSAGE(1, OPENED, 2, COUNT));
    put_message(bytes, 1, MESSAGE(1, FDS, 2, COUNT));
}

static void put_code(struct bytes *bytes)
{
    struct bytes location = MESSAGE(1, 1, 2, 1, 3, 0x1000);

    put_message(&location, 4, MESSAGE(1, 1, 2, 48));
    put_message(bytes, 4, location);
    location = MESSAGE(1, 2, 2, 1, 3, 0x2000);
    put_message(&location, 4, MESSAGE(1, 2, 2, 7));
    put_message(bytes, 4, location);
    put_message(bytes, 3, MESSAGE(1, 1, 2, 0x1000, 3, 0x9000, 4, 0x200, 5, PROGRAM, 6, BUILD_ID));
    put_message(bytes, 5, MESSAGE(1, 1, 2, CONNECT, 3, CONNECT, 4, SOURCE, 5, 40));
    put_message(bytes, 5, MESSAGE(1, 2, 2, COLLECT, 3, COLLECT));
}

/* Packed, and with a label, as the library writes samples. */
static void put_packed_sample(struct bytes *bytes)
{
    const uint8_t stack[] = {1, 2}, values[] = {9, 5};
    struct bytes sample = {.len = 0};

    put_range(&sample, 1, stack, sizeof(stack));
    put_range(&sample, 2, values, sizeof(values));
    put_message(&sample, 3, MESSAGE(1, TYPE, 2, TCP));
    put_message(bytes, 2, sample);
}

/* A whole profile, its strings at the end as Go writes them, so that nothing can be resolved on the way. */
static struct bytes make_profile(void)
{
    struct bytes bytes = {.len = 0};

    put_types(&bytes);
    put_packed_sample(&bytes);
    put_message(&bytes, 2, MESSAGE(1, 2, 2, 4, 2, (uint64_t)-3)); /* not packed, and negative */
    put_code(&bytes);
    put_number(&bytes, 9, 1763717412);
    put_number(&bytes, 10, 60);
    put_number(&bytes, 13, COMMENT);
    put_number(&bytes, 14, FDS);
    put_number(&bytes, 99, 1); /* from a later version of the format */
    put_strings(&bytes);
    return bytes;
}

static int decode(const uint8_t *bytes, size_t len, struct profile *ret_profile, struct text *why)
{
    return profile_decode(bytes, len, BYTES_MAX, ret_profile, why);
}

/* Whatever has been decoded can be ranked and shown. */
static void show(struct profile *profile)
{
    const char *kinds[] = {"fd"};
    struct report report = {.program = "", .seq = "", .profiles = profile, .n_profiles = 1};
    FILE *nowhere = fopen("/dev/null", "w");
    const struct line_page page = {.out = nowhere, .width = 80};
    struct json json = {.out = nowhere};

    assert_non_null(nowhere);
    report_assemble(&report, kinds);
    report_print(&report, &page, 10, false);
    report_write_json(&report, &json, 10);
    fclose(nowhere);
    ranking_release(&report.rankings[0]);
    free(report.rankings);
}

/* Decodes from a block of its own, so that the sanitizer sees every byte that is read outside of it. */
static int decode_exactly(const uint8_t *bytes, size_t len)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct profile profile;
    uint8_t *copy = malloc(len + (len == 0));
    int ret;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    ret = decode(copy, len, &profile, &why);
    free(copy);
    if (ret != 0) {
        assert_true(why.len > 0 && strchr(why_buf, '\n') == NULL);
        return ret;
    }
    show(&profile);
    profile_release(&profile);
    return 0;
}

static void expect_refused(const struct bytes *bytes, const char *because)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct profile profile;

    assert_int_equal(decode(bytes->at, bytes->len, &profile, &why), -EINVAL);
    assert_non_null(strstr(why_buf, because));
}

static void check_content(const struct profile *profile)
{
    const struct profile_sample *sample = &profile->samples[0];

    assert_int_equal(profile->n_types, 2);
    assert_string_equal(profile->types[1].type, "inuse_fds");
    assert_string_equal(profile->types[1].unit, "count");
    assert_int_equal(profile->n_samples, 2);
    assert_int_equal(sample->depth, 2);
    assert_int_equal(sample->values[0], 9);
    assert_int_equal(sample->values[1], 5);
    assert_int_equal(sample->stack[0]->address, 0x1000);
    assert_string_equal(sample->stack[0]->mapping->file, "/opt/exporter");
    assert_string_equal(sample->stack[0]->mapping->build_id, "0a0b");
    assert_int_equal(sample->stack[0]->mapping->offset, 0x200);
    assert_string_equal(sample->stack[0]->lines[0].function->name, "connect_to");
    assert_string_equal(sample->stack[0]->lines[0].function->file, "conn.c");
    assert_int_equal(sample->stack[0]->lines[0].line, 48);
    assert_string_equal(sample->stack[1]->lines[0].function->name, "collect");
    assert_string_equal(sample->stack[1]->lines[0].function->file, "");
    assert_int_equal(profile->samples[1].depth, 1);
    assert_int_equal(profile->samples[1].values[1], -3);
    assert_int_equal(profile->time_ns, 1763717412);
    assert_int_equal(profile->duration_ns, 60);
    assert_string_equal(profile->default_type, "inuse_fds");
    assert_int_equal(profile->n_comments, 1);
    assert_string_equal(profile->comments[0], "pid 12");
}

static void what_was_encoded_is_decoded(void **state)
{
    struct bytes bytes = make_profile();
    struct profile profile;

    (void)state;
    assert_int_equal(decode(bytes.at, bytes.len, &profile, NULL), 0);
    check_content(&profile);
    profile_release(&profile);
}

static void labels_are_decoded_with_their_samples(void **state)
{
    struct bytes bytes = make_profile();
    struct profile profile;

    (void)state;
    assert_int_equal(decode(bytes.at, bytes.len, &profile, NULL), 0);
    assert_int_equal(profile.samples[0].n_labels, 1);
    assert_string_equal(profile.samples[0].labels[0].key, "type");
    assert_string_equal(profile.samples[0].labels[0].value, "tcp");
    assert_int_equal(profile.samples[1].n_labels, 0);
    profile_release(&profile);
}

/* A gzip member of `bytes`; malloc'ed. */
static uint8_t *compress_bytes(const void *bytes, size_t len, size_t *ret_len)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
    size_t size = len + 1024;
    uint8_t *out = malloc(size);

    assert_non_null(out);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = out;
    stream.avail_out = (uInt)size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_len = size - stream.avail_out;
    deflateEnd(&stream);
    return out;
}

static void compressed_profiles_are_decoded(void **state)
{
    struct bytes bytes = make_profile();
    struct profile profile;
    size_t len;
    uint8_t *compressed = compress_bytes(bytes.at, bytes.len, &len);

    (void)state;
    assert_int_equal(decode(compressed, len, &profile, NULL), 0);
    check_content(&profile);
    profile_release(&profile);
    free(compressed);
}

static void several_gzip_members_are_one_profile(void **state)
{
    struct bytes bytes = make_profile();
    struct profile profile;
    size_t first_len, second_len, cut = bytes.len / 3;
    uint8_t *first = compress_bytes(bytes.at, cut, &first_len);
    uint8_t *second = compress_bytes(bytes.at + cut, bytes.len - cut, &second_len);

    (void)state;
    first = realloc(first, first_len + second_len);
    assert_non_null(first);
    memcpy(first + first_len, second, second_len);
    assert_int_equal(decode(first, first_len + second_len, &profile, NULL), 0);
    check_content(&profile);
    profile_release(&profile);
    free(first);
    free(second);
}

static void a_file_is_decoded_and_an_empty_one_refused(void **state)
{
    char path[] = "/tmp/leaktrace-test-XXXXXX", why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct bytes bytes = make_profile();
    struct profile profile;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(profile_load(path, &profile, &why), -EINVAL);
    assert_string_equal(why_buf, "it is empty");
    assert_int_equal(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
    close(fd);
    assert_int_equal(profile_load(path, &profile, &why), 0);
    check_content(&profile);
    profile_release(&profile);
    unlink(path);
    assert_int_equal(profile_load(path, &profile, &why), -ENOENT);
    assert_int_equal(profile_load("/", &profile, &why), -EISDIR);
}

static void a_profile_cut_at_any_byte_brings_nothing_down(void **state)
{
    struct bytes bytes = make_profile();
    size_t strings_at = bytes.len;
    struct bytes strings = {.len = 0};

    (void)state;
    put_strings(&strings);
    strings_at -= strings.len;
    for (size_t len = 0; len < bytes.len; len++) {
        int ret = decode_exactly(bytes.at, len);

        /* Without its strings, a profile means nothing. */
        if (len < strings_at)
            assert_int_equal(ret, -EINVAL);
    }
    assert_int_equal(decode_exactly(bytes.at, bytes.len), 0);
}

static void a_compressed_profile_cut_at_any_byte_is_refused(void **state)
{
    struct bytes bytes = make_profile();
    size_t len;
    uint8_t *compressed = compress_bytes(bytes.at, bytes.len, &len);

    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(decode_exactly(compressed, cut), -EINVAL);
    free(compressed);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void flip_bits(uint8_t *bytes, size_t len, uint32_t seed)
{
    unsigned flips = 1 + next_random(&seed) % 8;

    for (unsigned i = 0; i < flips; i++) {
        uint32_t bit = next_random(&seed) % (uint32_t)(len * 8);

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void flipped_bits_bring_nothing_down(void **state)
{
    unsigned refused = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= FLIP_SEEDS; seed++) {
        struct bytes bytes = make_profile();

        flip_bits(bytes.at, bytes.len, seed * 2654435761u);
        refused += decode_exactly(bytes.at, bytes.len) != 0;
    }
    assert_in_range(refused, FLIP_SEEDS / 4, FLIP_SEEDS - 1);
}

static void flipped_bits_of_compressed_profiles_bring_nothing_down(void **state)
{
    struct bytes bytes = make_profile();
    size_t len;
    uint8_t *compressed = compress_bytes(bytes.at, bytes.len, &len);
    uint8_t *flipped = malloc(len);

    (void)state;
    assert_non_null(flipped);
    for (uint32_t seed = 1; seed <= FLIP_SEEDS / 10; seed++) {
        memcpy(flipped, compressed, len);
        flip_bits(flipped, len, seed * 2654435761u);
        decode_exactly(flipped, len);
    }
    free(flipped);
    free(compressed);
}

static void a_gzip_bomb_is_refused_without_being_unpacked(void **state)
{
    const size_t size = 64ul << 20;
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    uint8_t *zeros = calloc(size, 1), *compressed;
    struct profile profile;
    size_t len;

    (void)state;
    assert_non_null(zeros);
    compressed = compress_bytes(zeros, size, &len);
    free(zeros);
    assert_in_range(len, 1, BYTES_MAX);
    assert_int_equal(decode(compressed, len, &profile, &why), -EFBIG);
    assert_string_equal(why_buf, "larger than the 1048576 bytes that are read at most");
    free(compressed);
}

static void ids_that_are_not_there_are_refused(void **state)
{
    static const struct {
        unsigned field;
        uint64_t pairs[4];
        const char *because;
    } cases[] = {
        {2, {1, 3, 2, 1}, "there is no location 3"},
        {2, {1, 0, 2, 1}, "there is no location 0"},
        {2, {1, UINT64_MAX, 2, 1}, "there is no location 18446744073709551615"},
        {4, {1, 3, 2, 2}, "there is no mapping 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes bytes = make_profile();
        struct bytes message = message_of(cases[i].pairs, 2);

        if (cases[i].field == 2)
            put_number(&message, 2, 1);
        put_message(&bytes, cases[i].field, message);
        expect_refused(&bytes, cases[i].because);
    }
}

static void lines_need_a_function_that_is_there(void **state)
{
    static const uint64_t pairs[][2] = {{1, 3}, {2, 5}};
    static const char *const because[] = {"there is no function 3", "a line without a function"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bytes bytes = make_profile();
        struct bytes location = MESSAGE(1, 3), line = message_of(pairs[i], 1);

        put_message(&location, 4, line);
        put_message(&bytes, 4, location);
        expect_refused(&bytes, because[i]);
    }
}

static void strings_that_are_not_there_are_refused(void **state)
{
    static const unsigned fields[] = {1, 3, 5};

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct bytes bytes = make_profile();
        struct bytes message = MESSAGE(1, 9, 5, STRINGS, 2, STRINGS);

        put_message(&bytes, fields[i], message);
        expect_refused(&bytes, "there is no string");
    }
}

static void ids_may_be_any_numbers_but_each_only_once(void **state)
{
    struct bytes bytes = make_profile();
    struct profile profile;

    (void)state;
    put_message(&bytes, 4, MESSAGE(1, 0xdeadbeefcafe, 3, 0x3000));
    put_message(&bytes, 2, MESSAGE(1, 0xdeadbeefcafe, 2, 1, 2, 1));
    assert_int_equal(decode(bytes.at, bytes.len, &profile, NULL), 0);
    assert_int_equal(profile.samples[2].stack[0]->address, 0x3000);
    assert_null(profile.samples[2].stack[0]->mapping);
    profile_release(&profile);
    put_message(&bytes, 4, MESSAGE(1, 0xdeadbeefcafe));
    expect_refused(&bytes, "location id 244837814094590 is used twice");
    bytes = make_profile();
    put_message(&bytes, 5, MESSAGE(2, CONNECT));
    expect_refused(&bytes, "function id 0 is no id");
}

static void samples_need_one_value_for_each_type(void **state)
{
    struct bytes bytes = make_profile();

    (void)state;
    put_message(&bytes, 2, MESSAGE(1, 1, 2, 5));
    expect_refused(&bytes, "a sample has not one value for each type");
}

static void what_is_no_profile_is_refused(void **state)
{
    static const char *const texts[] = {"#!/bin/sh\nexit 0\n", "heap profile: 1: 2 [3: 4] @ heapprofile\n", "\x1f\x8b",
                                        "\x0b\x0c"};
    struct bytes bytes = {.len = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(decode_exactly((const uint8_t *)texts[i], strlen(texts[i])), -EINVAL);
    put_range(&bytes, 6, "", 0);
    expect_refused(&bytes, "it has no sample types");
    bytes.len = 0;
    put_range(&bytes, 6, "x", 1);
    expect_refused(&bytes, "string 0 is missing or not empty");
}

static void a_varint_of_more_than_64_bits_is_refused(void **state)
{
    struct bytes bytes = make_profile();
    static const uint8_t widest[] = {0x48, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};

    (void)state;
    memcpy(bytes.at + bytes.len, widest, sizeof(widest));
    bytes.len += sizeof(widest);
    assert_int_equal(decode_exactly(bytes.at, bytes.len), 0);
    bytes.at[bytes.len - 1] = 0x02;
    expect_refused(&bytes, "a field is cut off or malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded),
        cmocka_unit_test(labels_are_decoded_with_their_samples),
        cmocka_unit_test(compressed_profiles_are_decoded),
        cmocka_unit_test(several_gzip_members_are_one_profile),
        cmocka_unit_test(a_file_is_decoded_and_an_empty_one_refused),
        cmocka_unit_test(a_profile_cut_at_any_byte_brings_nothing_down),
        cmocka_unit_test(a_compressed_profile_cut_at_any_byte_is_refused),
        cmocka_unit_test(flipped_bits_bring_nothing_down),
        cmocka_unit_test(flipped_bits_of_compressed_profiles_bring_nothing_down),
        cmocka_unit_test(a_gzip_bomb_is_refused_without_being_unpacked),
        cmocka_unit_test(ids_that_are_not_there_are_refused),
        cmocka_unit_test(lines_need_a_function_that_is_there),
        cmocka_unit_test(strings_that_are_not_there_are_refused),
        cmocka_unit_test(ids_may_be_any_numbers_but_each_only_once),
        cmocka_unit_test(samples_need_one_value_for_each_type),
        cmocka_unit_test(what_is_no_profile_is_refused),
        cmocka_unit_test(a_varint_of_more_than_64_bits_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
