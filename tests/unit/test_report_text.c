/* The report for people: it fits its page, it is plain about what it does not know, and no name in a dump can harm a
 * terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/profile.h"
#include "symbolize/demangle.h"
#include "view/report.h"
#include "view/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FRAMES_MAX 64
#define HOUR_NS ((int64_t)3600000000000)

/* A report of one heap site whose stack the test lays out. */
struct fixture {
    struct places_frame frames[FRAMES_MAX];
    const struct places_frame *stack[FRAMES_MAX];
    struct ranking_site site;
    struct ranking ranking;
    struct report report;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){.site = {.live = {3000, 7 << 20}, .frames = fixture->stack}};
    fixture->ranking = (struct ranking){.kind = "heap", .has_bytes = true, .by_bytes = true, .live = {3001, 14 << 20}};
    fixture->ranking.sites = &fixture->site;
    fixture->ranking.n_sites = 1;
    fixture->report = (struct report){.program = "exporter", .seq = "", .rankings = &fixture->ranking, .n_rankings = 1};
}

static void push_frame(struct fixture *fixture, const char *function, const char *module)
{
    size_t at = fixture->site.n_frames++;

    fixture->frames[at] =
        (struct places_frame){.function = function, .module = module, .file = "", .is_system = module[1] == 'l'};
    fixture->frames[at].is_plumbing = fixture->frames[at].is_system || strncmp(function, "std::", 5) == 0;
    fixture->stack[at] = &fixture->frames[at];
}

/* What is printed; the caller frees it. */
static char *print(const struct report *report, unsigned width, bool colour)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    const struct line_page page = {.out = out, .width = width, .colour = colour};

    assert_non_null(out);
    report_print(report, &page, 10, false);
    fclose(out);
    return text;
}

static void expect_line(const struct report *report, const char *line)
{
    char *text = print(report, 80, false);

    if (strstr(text, line) == NULL)
        fail_msg("'%s' is not in:\n%s", line, text);
    free(text);
}

/* The widest line in characters. */
static size_t width_of(const char *text)
{
    size_t widest = 0, width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
        if (*text == '\n') {
            widest = width - 1 > widest ? width - 1 : widest;
            width = 0;
        }
    }
    return widest;
}

static void one_of_unknown_origin_is_not_many(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    fixture.report.unattributed_fds = 1;
    fixture.report.unattributed_threads = 1;
    expect_line(&fixture.report, "was not seen: 1 fd, 1 thread\n");
}

static void a_site_is_told_by_figures_headline_and_callers(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "register_metric", "/opt/exporter");
    push_frame(&fixture, "observe", "/opt/exporter");
    push_frame(&fixture, "start_thread", "/lib/libc.so.6");
    push_frame(&fixture, "clone3", "/lib/libc.so.6");
    expect_line(&fixture.report, "\n  1. 7.0 MiB in 3,000 blocks, 50.0 %\n     register_metric\n"
                                 "     \u2190 observe \u2190 \u2026 2 frames in libc.so.6\n");
}

static void growth_is_told_when_it_is_known(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.ranking.has_growth = true;
    fixture.site.growth = (struct ranking_amount){29, 6 << 20};
    fixture.report.duration_ns = 3 * HOUR_NS;
    fixture.report.mark_ns = 2 * HOUR_NS;
    fixture.report.is_marked = true;
    expect_line(&fixture.report, "traced for 3 h, growth since the mark 2 h ago\n");
    expect_line(&fixture.report, "7.0 MiB in 3,000 blocks, 50.0 %, +6.0 MiB (3.0 MiB/h)\n");
    expect_line(&fixture.report, "heap: 14.0 MiB in 3,001 blocks live at 1 site, no growth\n");
    fixture.ranking.by_bytes = false;
    expect_line(&fixture.report, "3,000 blocks (7.0 MiB), 100.0 %, +29 (14/h)\n");
    fixture.report.mark_ns = HOUR_NS / 2;
    expect_line(&fixture.report, "3,000 blocks (7.0 MiB), 100.0 %, +29 (1.0/min)\n");
}

static void the_worst_site_of_each_kind_comes_first_of_all(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "malloc_wrapper", "/lib/libx.so");
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.site.headline = 1;
    fixture.ranking.has_growth = true;
    fixture.site.growth = (struct ranking_amount){29, 6 << 20};
    fixture.report.mark_ns = HOUR_NS;
    fixture.report.is_marked = true;
    expect_line(&fixture.report, "\n  grows: heap      +6.0 MiB (6.0 MiB/h)    observe\n\n");
}

static void that_nothing_grows_is_said_plainly_and_only_when_it_is_known(void **state)
{
    static const char verdict[] = "\n  Nothing grows: nowhere have two or more come since the mark and stayed.\n\n";
    struct fixture fixture;
    char *text;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.ranking.has_growth = true;
    fixture.site.growth = (struct ranking_amount){1, 6 << 20};
    fixture.report.mark_ns = HOUR_NS;
    text = print(&fixture.report, 80, false);
    assert_null(strstr(text, "grows"));
    assert_null(strstr(text, "+6.0 MiB"));
    free(text);
    fixture.report.is_marked = true;
    expect_line(&fixture.report, verdict);
    fixture.ranking.has_growth = false;
    text = print(&fixture.report, 80, false);
    assert_null(strstr(text, "grows"));
    free(text);
}

static void ages_are_told_as_a_range(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.site.ages[ages_find("<10m")] = 2;
    expect_line(&fixture.report, "50.0 %, age <10m\n");
    fixture.site.ages[ages_find(">=1d")] = 1;
    expect_line(&fixture.report, "50.0 %, age <10m to >=1d\n");
}

static void library_frames_between_others_are_folded(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "operator new(unsigned long)", "/lib/libstdc++.so.6");
    push_frame(&fixture, "std::string::grow", "/opt/exporter");
    push_frame(&fixture, "std::string::append", "/opt/exporter");
    push_frame(&fixture, "observe", "/opt/exporter");
    push_frame(&fixture, "std::invoke", "/opt/exporter");
    push_frame(&fixture, "start_thread", "/lib/libc.so.6");
    push_frame(&fixture, "main", "/opt/exporter");
    fixture.site.headline = 3;
    expect_line(&fixture.report, "     observe\n     \u2192 std::string::append \u2192 \u2026 2 library frames\n"
                                 "     \u2190 \u2026 2 library frames \u2190 main\n");
}

/* A source file with a line in it, older than `seconds` since 1970; its path is the caller's to remove. */
static void write_source(char path[64], const char *text, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    int fd;

    snprintf(path, 64, "/tmp/test_report_text.XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void the_source_line_is_shown_when_it_is_that_of_the_dump(void **state)
{
    struct fixture fixture;
    char path[64], *text;

    (void)state;
    write_source(path, "int a;\n\tkept = malloc(size);  \n\n", 1000);
    set_up(&fixture);
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.frames[0].file = path;
    fixture.frames[0].line = 2;
    fixture.report.time_ns = 2000 * (int64_t)1000000000;
    expect_line(&fixture.report, ":2)\n     \u2502 kept = malloc(size);\n");
    for (int64_t line = 3; line < 6; line++) {
        fixture.frames[0].line = line;
        text = print(&fixture.report, 80, false);
        assert_null(strstr(text, "\u2502"));
        free(text);
    }
    fixture.frames[0].line = 2;
    fixture.report.time_ns = 500 * (int64_t)1000000000;
    text = print(&fixture.report, 80, false);
    assert_null(strstr(text, "\u2502"));
    free(text);
    unlink(path);
}

static void every_line_fits_the_page(void **state)
{
    static const unsigned widths[] = {20, 40, 80, 100, 200};
    char name[301];

    (void)state;
    memset(name, 'x', 300);
    name[300] = '\0';
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct fixture fixture;
        char *text;

        set_up(&fixture);
        fixture.report.program = name;
        push_frame(&fixture, name, "/lib/libstdc++.so.6");
        for (size_t j = 1; j < FRAMES_MAX; j++)
            push_frame(&fixture, j % 3 == 0 ? name : j % 3 == 1 ? "h\u00f6her" : "short", "/opt/exporter");
        fixture.site.headline = 1;
        fixture.site.groups =
            &(struct ranking_group){.labels = &(struct profile_label){"peer", name}, .n_labels = 1, .count = 1};
        fixture.site.n_groups = 1;
        text = print(&fixture.report, widths[i], false);
        assert_int_equal(width_of(text), widths[i]);
        assert_non_null(strstr(text, "\u2026\n"));
        free(text);
    }
}

static void a_long_chain_keeps_both_ends(void **state)
{
    struct fixture fixture;
    char names[FRAMES_MAX][32], *text;
    unsigned lines = 0;

    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "function_number_%zu", i);
        push_frame(&fixture, names[i], "/opt/exporter");
    }
    text = print(&fixture.report, 80, false);
    for (const char *at = text; (at = strstr(at, "\n     \u2190")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 4);
    assert_non_null(strstr(text, "function_number_1 "));
    assert_non_null(strstr(text, "more frames \u2190 function_number_62"));
    assert_non_null(strstr(text, "function_number_63\n"));
    free(text);
}

static void recursion_is_folded(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "leaf", "/opt/exporter");
    for (unsigned i = 0; i < 50; i++)
        push_frame(&fixture, "descend", "/opt/exporter");
    push_frame(&fixture, "main", "/opt/exporter");
    expect_line(&fixture.report, "     \u2190 descend, 50 times \u2190 main\n");
}

static void the_way_below_the_headline_is_shown(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "operator new(unsigned long)", "/lib/libstdc++.so.6");
    push_frame(&fixture, "std::string::append", "/opt/exporter");
    push_frame(&fixture, "observe", "/opt/exporter");
    fixture.site.headline = 2;
    expect_line(&fixture.report, "     observe\n     \u2192 std::string::append \u2192 operator new(unsigned long)\n");
}

static void labels_are_counted_and_the_rest_is_summed_up(void **state)
{
    struct profile_label labels[] = {{"type", "tcp"}, {"peer", "10.0.0.1:80"}, {"state", "ESTABLISHED"}};
    struct ranking_group groups[] = {{labels, 3, 40}, {labels, 2, 30}, {labels, 1, 20}, {labels, 1, 5}, {labels, 1, 4}};
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "connect_to", "/opt/exporter");
    fixture.ranking = (struct ranking){.kind = "fd", .sites = &fixture.site, .n_sites = 1, .live = {99, 0}};
    fixture.site.live.count = 99;
    fixture.site.groups = groups;
    fixture.site.n_groups = 5;
    expect_line(&fixture.report, "  1. 99 descriptors, 100.0 %\n     connect_to\n     40 \u00d7 tcp 10.0.0.1:80 ESTABLISHED\n"
                                 "     30 \u00d7 tcp 10.0.0.1:80\n     20 \u00d7 tcp\n     9 \u00d7 \u2026\n");
}

static void nothing_live_is_said_plainly(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    fixture.ranking.n_sites = 0;
    expect_line(&fixture.report, "\nheap: nothing is live\n");
}

static void doubts_are_told_and_only_when_there_are_any(void **state)
{
    struct fixture fixture;
    char *text;

    (void)state;
    set_up(&fixture);
    text = print(&fixture.report, 80, false);
    assert_null(strstr(text, "dropped"));
    assert_null(strstr(text, "truncated"));
    free(text);
    fixture.report.dropped = 1200;
    fixture.report.truncated = 3;
    expect_line(&fixture.report,
                "\n1,200 dropped events: figures can be wrong\n3 truncated stacks: their callers are missing\n");
}

static void control_characters_never_reach_the_terminal(void **state)
{
    struct fixture fixture;
    char *text;

    (void)state;
    set_up(&fixture);
    fixture.report.program = "\033[2Jboo\r\xff\xc2\x9b";
    push_frame(&fixture, "a\nb\u202e", "/opt/exporter");
    text = print(&fixture.report, 80, false);
    for (const char *at = text; *at != '\0'; at++)
        assert_true(*at == '\n' || (unsigned char)*at >= ' ');
    assert_non_null(strstr(text, "?[2Jboo?\ufffd?\n"));
    assert_non_null(strstr(text, "     a?b?\n"));
    free(text);
}

static void colours_take_no_room_and_are_left_out_when_not_wanted(void **state)
{
    struct fixture fixture;
    char *text, *with;

    (void)state;
    set_up(&fixture);
    push_frame(&fixture, "observe", "/opt/exporter");
    text = print(&fixture.report, 80, false);
    with = print(&fixture.report, 80, true);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(with, "\033[1mexporter\033[0m\n"));
    free(text);
    free(with);
}

static void numbers_are_written_for_people(void **state)
{
    struct units_text buf;

    (void)state;
    assert_string_equal(units_bytes(0, &buf), "0 B");
    assert_string_equal(units_bytes(1023, &buf), "1023 B");
    assert_string_equal(units_bytes(1024, &buf), "1.0 KiB");
    assert_string_equal(units_bytes((1 << 20) - 1, &buf), "1.0 MiB");
    assert_string_equal(units_bytes(-1536, &buf), "-1.5 KiB");
    assert_string_equal(units_bytes(INT64_MIN, &buf), "-8.0 EiB");
    assert_string_equal(units_count(0, &buf), "0");
    assert_string_equal(units_count(999, &buf), "999");
    assert_string_equal(units_count(-1000, &buf), "-1,000");
    assert_string_equal(units_count(INT64_MIN, &buf), "-9,223,372,036,854,775,808");
    assert_string_equal(units_duration(-5, &buf), "0 ms");
    assert_string_equal(units_duration(250000000, &buf), "250 ms");
    assert_string_equal(units_duration(59000000000, &buf), "59 s");
    assert_string_equal(units_duration(60000000000, &buf), "1 min");
    assert_string_equal(units_duration(7384000000000, &buf), "2 h 3 min");
    assert_string_equal(units_duration(5284800000000000, &buf), "61 d 4 h");
}

static void a_mangled_name_that_stands_for_gigabytes_is_cut(void **state)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char mangled[512] = "_Z1f1AIiiE", name[DEMANGLE_MAX];

    (void)state;
    for (size_t i = 0; i < 30; i++)
        snprintf(mangled + strlen(mangled), 16, "S_IS%c_S%c_E", digits[i], digits[i]);
    assert_true(demangle(mangled, name));
    assert_int_equal(strlen(name), DEMANGLE_MAX - 1);
    assert_true(demangle("_Znwm", name));
    assert_string_equal(name, "operator new(unsigned long)");
    assert_true(demangle("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", name));
    assert_string_equal(name, "core::fmt::Write::write_fmt");
    assert_false(demangle("main", name));
    assert_false(demangle("_start", name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_unknown_origin_is_not_many),
        cmocka_unit_test(a_site_is_told_by_figures_headline_and_callers),
        cmocka_unit_test(growth_is_told_when_it_is_known),
        cmocka_unit_test(the_worst_site_of_each_kind_comes_first_of_all),
        cmocka_unit_test(that_nothing_grows_is_said_plainly_and_only_when_it_is_known),
        cmocka_unit_test(ages_are_told_as_a_range),
        cmocka_unit_test(library_frames_between_others_are_folded),
        cmocka_unit_test(the_source_line_is_shown_when_it_is_that_of_the_dump),
        cmocka_unit_test(every_line_fits_the_page),
        cmocka_unit_test(a_long_chain_keeps_both_ends),
        cmocka_unit_test(recursion_is_folded),
        cmocka_unit_test(the_way_below_the_headline_is_shown),
        cmocka_unit_test(labels_are_counted_and_the_rest_is_summed_up),
        cmocka_unit_test(nothing_live_is_said_plainly),
        cmocka_unit_test(doubts_are_told_and_only_when_there_are_any),
        cmocka_unit_test(control_characters_never_reach_the_terminal),
        cmocka_unit_test(colours_take_no_room_and_are_left_out_when_not_wanted),
        cmocka_unit_test(numbers_are_written_for_people),
        cmocka_unit_test(a_mangled_name_that_stands_for_gigabytes_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
