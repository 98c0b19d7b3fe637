/* Text without stdio: always a string, and what does not fit is cut and remembered. */
#include "../support/unit.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static void numbers_are_written_as_stdio_writes_them(void **state)
{
    static const int64_t values[] = {0, 1, -1, 9, 10, -10, 255, 256, 65535, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char buf[128] = "", expected[128];
        struct text text = TEXT_ON(buf);

        snprintf(expected, sizeof(expected), "%ld %lx %08lu", values[i], (unsigned long)values[i], (unsigned long)values[i]);
        text_add_int(&text, values[i]);
        text_add(&text, " ");
        text_add_hex(&text, (uint64_t)values[i]);
        text_add(&text, " ");
        text_add_uint_padded(&text, (uint64_t)values[i], 8);
        assert_string_equal(buf, expected);
        assert_int_equal(text.len, strlen(expected));
        assert_false(text.cut);
    }
}

static void formats_give_what_printf_gives(void **state)
{
    char buf[256] = "", expected[256];
    struct text text = TEXT_ON(buf);

    (void)state;
    snprintf(expected, sizeof(expected), "%s|%d|%u|%x|%ld|%lu|%lx|%zu|%%|%s", "word", -5, 4000000000u, 0xbeefu, -5000000000l,
             1ul << 63, ~0ul, (size_t)77, "");
    text_format(&text, "%s|%d|%u|%x|%ld|%lu|%lx|%zu|%%|%s", "word", -5, 4000000000u, 0xbeefu, -5000000000l, 1ul << 63, ~0ul,
                (size_t)77, "");
    assert_string_equal(buf, expected);
}

static void bytes_become_pairs_of_digits(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0x12};
    char buf[32] = "";
    struct text text = TEXT_ON(buf);

    (void)state;
    text_add_hex_bytes(&text, bytes, sizeof(bytes));
    assert_string_equal(buf, "000ff0ff12");
    text_add_hex_bytes(&text, bytes, 0);
    assert_int_equal(text.len, 10);
}

static void what_does_not_fit_is_cut_and_remembered(void **state)
{
    char buf[8] = "", guard[8] = "guarded";
    struct text text = TEXT_ON(buf);

    (void)state;
    text_add(&text, "1234567");
    assert_false(text.cut);
    assert_string_equal(buf, "1234567");
    text_add(&text, "");
    assert_false(text.cut);
    text_add(&text, "8");
    assert_true(text.cut);
    assert_string_equal(buf, "1234567");
    text_format(&text, "%d%s%x", 1234, "more", 5u);
    assert_string_equal(buf, "1234567");
    assert_int_equal(text.len, 7);
    assert_string_equal(guard, "guarded");
}

static void at_every_size_the_front_part_stays(void **state)
{
    static const char whole[] = "one -23 4567 89ab cdef";

    (void)state;
    for (size_t size = 1; size <= sizeof(whole) + 1; size++) {
        char buf[64];
        struct text text = {.buf = buf, .size = size};

        memset(buf, '#', sizeof(buf));
        buf[0] = '\0';
        text_format(&text, "%s %d %lu %x %s", "one", -23, 4567ul, 0x89abu, "cdef");
        assert_int_equal(strlen(buf), size <= sizeof(whole) ? size - 1 : sizeof(whole) - 1);
        assert_memory_equal(buf, whole, strlen(buf));
        assert_int_equal(text.cut, size < sizeof(whole));
        assert_int_equal(buf[size], '#');
    }
}

static void clean_text_is_utf_8_without_control_characters(void **state)
{
    static const char *const clean[] = {"", "plain ~!", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    static const char *const other[] = {"a\nb",         "\t",           "\x7f",         "\xc2\x85",     "\x80",         "\xff",         "\xc3",
                                        "\xc0\x80",      "\xc1\xbf",     "\xe2\x82",     "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xf8\x88\x80\x80\x80", "a\xe2(\xa1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(clean); i++)
        assert_true(text_is_clean(clean[i], strlen(clean[i])));
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_false(text_is_clean(other[i], strlen(other[i])));
    assert_false(text_is_clean("a\0b", 3));
    assert_false(text_is_clean("\xe2\x82\xac", 2));
}

static void what_is_not_clean_becomes_question_marks(void **state)
{
    static const char bytes[] = "a\xff" "b\xe2\x82\xac\n\xe2\x82 \xc3\xa9\xc3";
    char buf[64] = "";
    struct text text = TEXT_ON(buf);

    (void)state;
    text_add_clean(&text, bytes, sizeof(bytes) - 1);
    assert_string_equal(buf, "a?b\xe2\x82\xac??? \xc3\xa9?");
    assert_true(text_is_clean(buf, text.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_stdio_writes_them),
        cmocka_unit_test(formats_give_what_printf_gives),
        cmocka_unit_test(bytes_become_pairs_of_digits),
        cmocka_unit_test(what_does_not_fit_is_cut_and_remembered),
        cmocka_unit_test(clean_text_is_utf_8_without_control_characters),
        cmocka_unit_test(what_is_not_clean_becomes_question_marks),
        cmocka_unit_test(at_every_size_the_front_part_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
