/* The report for scripts: its schema, and strings that cannot break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "view/comments.h"
#include "view/json.h"
#include "view/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `value` is written as; the caller frees it. */
static char *write_string(const char *value)
{
    char *text = NULL;
    size_t len;
    struct json json = {.out = open_memstream(&text, &len)};

    assert_non_null(json.out);
    json_string(&json, NULL, value);
    fclose(json.out);
    return text;
}

static void strings_are_escaped_and_repaired(void **state)
{
    static const struct {
        const char *value, *written;
    } cases[] = {
        {"", "\"\""},
        {"say \"hi\" \\ /", "\"say \\\"hi\\\" \\\\ /\""},
        {"tab\tline\nreturn\r\x01\x1f\x7f", "\"tab\\u0009line\\u000areturn\\u000d\\u0001\\u001f\\u007f\""},
        {"h\u00f6her \u2190 \U0001f600", "\"h\u00f6her \u2190 \U0001f600\""},
        {"\xff", "\"\ufffd\""},
        {"a\xc3", "\"a\ufffd\""},
        {"a\xc3(", "\"a\ufffd(\""},
        {"\xc0\x80", "\"\ufffd\ufffd\""},                     /* NUL, too long */
        {"\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""},           /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", "\"\ufffd\ufffd\ufffd\ufffd\""}, /* past the last character */
        {"\xe2\x86", "\"\ufffd\ufffd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *written = write_string(cases[i].value);

        assert_string_equal(written, cases[i].written);
        free(written);
    }
}

static void objects_and_arrays_nest_with_commas_between_their_members(void **state)
{
    char *text = NULL;
    size_t len;
    struct json json = {.out = open_memstream(&text, &len)};

    (void)state;
    assert_non_null(json.out);
    json_open_object(&json, NULL);
    json_int(&json, "a", INT64_MIN);
    json_open_array(&json, "b");
    json_bool(&json, NULL, true);
    json_decimal(&json, NULL, 1.25);
    json_open_object(&json, NULL);
    json_close(&json);
    json_close(&json);
    json_null(&json, "\"");
    json_close(&json);
    fclose(json.out);
    assert_string_equal(
        text, "{\n  \"a\": -9223372036854775808,\n  \"b\": [\n    true,\n    1.2,\n    {}\n  ],\n  \"\\\"\": null\n}\n");
    free(text);
}

/* The report without its line breaks and indentation; the caller frees it. */
static char *write_report(const struct report *report, size_t top)
{
    char *text = NULL, *to;
    size_t len;
    struct json json = {.out = open_memstream(&text, &len)};

    assert_non_null(json.out);
    report_write_json(report, &json, top);
    fclose(json.out);
    to = text;
    for (const char *from = text; *from != '\0'; from += 1 + (*from == '\n' ? strspn(from + 1, " ") : 0))
        if (*from != '\n')
            *to++ = *from;
    *to = '\0';
    return text;
}

static void a_report_has_the_members_of_its_schema(void **state)
{
    struct places_frame frame = {.function = "observe", .module = "/opt/exporter", .file = "main.c", .line = 12};
    const struct places_frame *stack[] = {&frame};
    struct profile_label label = {"type", "tcp"};
    struct ranking_group group = {&label, 1, 30};
    struct ranking_site sites[] = {{.live = {30, 0},
                                    .growth = {29, 0},
                                    .frames = stack,
                                    .n_frames = 1,
                                    .groups = &group,
                                    .n_groups = 1,
                                    .ages = {[AGES_N - 1] = 30}},
                                   {.live = {10, 0}}};
    struct ranking ranking = {
        .kind = "fd", .has_growth = true, .live = {40, 0}, .growth = {29, 0}, .sites = sites, .n_sites = 2};
    struct report report = {.program = "exporter",
                            .pid = 12,
                            .seq = "0001",
                            .time_ns = 5,
                            .unattributed_fds = 3,
                            .rankings = &ranking,
                            .n_rankings = 1};
    char *text = write_report(&report, 1);

    (void)state;
    assert_string_equal(
        text,
        "{\"program\": \"exporter\",\"pid\": 12,\"dump\": \"0001\",\"time_ns\": 5,\"duration_ns\": null,"
        "\"since_mark_ns\": null,\"is_marked\": false,\"dropped_events\": 0,\"truncated_stacks\": 0,\"unattributed_fds\": 3,"
        "\"unattributed_threads\": 0,\"kinds\": ["
        "{\"kind\": \"fd\",\"ranked_by\": \"count\",\"live\": {\"count\": 40},\"growth\": {\"count\": 29},"
        "\"growth_per_hour\": null,\"n_sites\": 2,\"n_hidden\": 0,"
        "\"sites\": [{\"live\": {\"count\": 30},\"growth\": {\"count\": 29},\"growth_per_hour\": null,"
        "\"has_grown\": true,\"share_percent\": 75.0,\"headline\": 0,"
        "\"frames\": [{\"function\": \"observe\",\"module\": \"/opt/exporter\",\"file\": \"main.c\",\"line\": "
        "12,\"offset\": 0}],"
        "\"source\": null,\"ages\": {\">=1d\": 30},\"groups\": [{\"count\": 30,\"labels\": {\"type\": \"tcp\"}}]}]}]}");
    free(text);
}

static void what_is_not_known_is_null(void **state)
{
    struct ranking_site site = {.live = {1, 5}};
    struct ranking ranking = {
        .kind = "heap", .has_bytes = true, .by_bytes = true, .live = {1, 5}, .sites = &site, .n_sites = 1};
    struct report report = {.program = "", .seq = "", .rankings = &ranking, .n_rankings = 1};
    char *text = write_report(&report, 10);

    (void)state;
    assert_non_null(strstr(text, "\"pid\": null,\"dump\": null,\"time_ns\": null,"));
    assert_non_null(strstr(text, "\"live\": {\"count\": 1,\"bytes\": 5},\"growth\": null,"));
    assert_non_null(strstr(text, "\"headline\": null,\"frames\": [],\"source\": null,\"ages\": {},\"groups\": []"));
    free(text);
}

static void comments_are_found_by_their_whole_key(void **state)
{
    const char *lines[] = {"leaktrace 0.1.0",     "pidgin 5", "pid 4711", "command my app",
                           "unattributed_fds -1", "reason",   "pid 1"};
    struct profile profile = {.comments = lines, .n_comments = 7};

    (void)state;
    assert_int_equal(comments_number(&profile, "pid"), 4711);
    assert_string_equal(comments_text(&profile, "command"), "my app");
    assert_int_equal(comments_number(&profile, "command"), 0);
    assert_int_equal(comments_number(&profile, "unattributed_fds"), 0);
    assert_null(comments_text(&profile, "reason"));
    assert_null(comments_text(&profile, "dropped_events"));
    assert_int_equal(comments_number(&profile, "dropped_events"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_and_repaired),
        cmocka_unit_test(objects_and_arrays_nest_with_commas_between_their_members),
        cmocka_unit_test(a_report_has_the_members_of_its_schema),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(comments_are_found_by_their_whole_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
