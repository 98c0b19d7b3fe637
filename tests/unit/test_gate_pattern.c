/* Patterns of suppressions. */
#include "../support/unit.h"

#include "gate/pattern.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *pattern, *text;
    bool matches;
};

static void check(const struct row *rows, size_t n, bool (*matches)(const char *pattern, const char *text))
{
    for (size_t i = 0; i < n; i++)
        if (matches(rows[i].pattern, rows[i].text) != rows[i].matches)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
}

static void a_template_is_found_anywhere_unless_it_is_anchored(void **state)
{
    static const struct row rows[] = {
        {"foo", "foo", true},
        {"foo", "a foo b", true},
        {"foo", "fo", false},
        {"^foo", "foobar", true},
        {"^foo", "a foo", false},
        {"foo$", "a foo", true},
        {"foo$", "foobar", false},
        {"foo$", "foofoo", true},
        {"^foo$", "foo", true},
        {"^foo$", "foo ", false},
        {"f*o", "xfabco", true},
        {"^f*o$", "fooo", true},
        {"^f*o$", "foox", false},
        {"^a*b*c$", "a-b-b-c-c", true},
        {"^a*b*c$", "a-c-b", false},
        {"*", "x", true},
        {"^*$", "x", true},
        {"^$", "x", false},
        {"$", "x", true},
        {"a?", "ab", false},
        {"a?", "xa?", true},
        {"std::vector<int*", "std::vector<int, std::allocator<int> >::push_back", true},
        {"libfoo.so*", "/usr/lib/libfoo.so.1", true},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), pattern_is_in);
}

static void an_empty_text_never_matches_a_template(void **state)
{
    (void)state;
    assert_false(pattern_is_in("*", ""));
    assert_false(pattern_is_in("", ""));
    assert_true(pattern_is_in("", "x"));
}

static void a_glob_covers_the_whole_text(void **state)
{
    static const struct row rows[] = {
        {"malloc", "malloc", true},
        {"malloc", "mallocx", false},
        {"malloc", "xmalloc", false},
        {"*alloc", "calloc", true},
        {"?alloc", "calloc", true},
        {"?alloc", "alloc", false},
        {"*", "", true},
        {"**", "x", true},
        {"", "", true},
        {"", "x", false},
        {"_Zn[w]*", "_Znwm", false},
        {"_Zn?m", "_Znwm", true},
        {"*/libc.so*", "/lib/libc.so.6", true},
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), pattern_is_all);
}

static void many_stars_in_a_long_text_come_to_an_end(void **state)
{
    char text[20001];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(pattern_is_all("*a*a*a*a*a*a*a*b", text));
    assert_true(pattern_is_all("*a*a*a*a*a*a*a*a", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_found_anywhere_unless_it_is_anchored),
        cmocka_unit_test(an_empty_text_never_matches_a_template),
        cmocka_unit_test(a_glob_covers_the_whole_text),
        cmocka_unit_test(many_stars_in_a_long_text_come_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
