/* The reader of options: what each row takes, what it does not, and what is said then. */
#include "../support/unit.h"

#include "base/options.h"
#include "store/kind.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct options options;
static char lines[4096]; /* of complaints, each ended by a newline */

static void note(const char *line, void *context)
{
    assert_ptr_equal(context, &options);
    snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s\n", line);
}

/* Reads a text over the defaults; returns how many complaints there were. */
static unsigned parse(const char *text)
{
    options_set_defaults(&options);
    lines[0] = '\0';
    return options_parse(&options, text, note, &options);
}

static void assert_same_but_as_given(const struct options *expected)
{
    struct options a = options, b = *expected;

    memset(a.as_given, 0, sizeof(a.as_given));
    memset(b.as_given, 0, sizeof(b.as_given));
    assert_memory_equal(&a, &b, sizeof(a));
}

/* Takes exactly this; nothing is said. */
static void assert_taken(const char *text)
{
    assert_int_equal(parse(text), 0);
    assert_string_equal(lines, "");
    assert_string_equal(options.as_given, text);
}

/* Is complained about in one line that has `part` in it, and leaves all as it was. */
static void assert_refused(const char *text, const char *part)
{
    struct options defaults;

    options_set_defaults(&defaults);
    assert_int_equal(parse(text), 1);
    if (strstr(lines, part) == NULL)
        fail_msg("%s: there is no '%s' in: %s", text, part, lines);
    assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
    assert_same_but_as_given(&defaults);
}

static void the_defaults_are_those_of_the_table(void **state)
{
    struct options defaults;

    (void)state;
    options_set_defaults(&defaults);
    assert_string_equal(defaults.dir, "");
    assert_string_equal(defaults.log, "stderr");
    assert_string_equal(defaults.exe, "*");
    assert_int_equal(defaults.signal, SIGUSR2);
    assert_int_equal(defaults.interval_s, 0);
    assert_int_equal(defaults.warmup_s, 0);
    assert_int_equal(defaults.checkpoint_ms, 10000);
    assert_int_equal(defaults.keep, 20);
    assert_int_equal(defaults.max_disk, 1ul << 30);
    assert_int_equal(defaults.at_rss.value + defaults.at_rss.percent, 0);
    assert_int_equal(defaults.at_fds.value + defaults.at_fds.percent, 0);
    assert_int_equal(defaults.at_threads.value + defaults.at_threads.percent, 0);
    assert_int_equal(defaults.depth, 64);
    assert_int_equal(defaults.check, 0);
    assert_int_equal(defaults.sample_bytes, 0);
    assert_int_equal(defaults.profiles, 1u << KIND_HEAP | 1u << KIND_FD | 1u << KIND_THREAD);
    assert_int_equal(defaults.formats, OPTION_FORMAT_PPROF);
    assert_int_equal(defaults.memory_bytes, 0);
    assert_int_equal(defaults.memory_percent, 10);
    assert_true(defaults.at_exit);
    assert_true(defaults.symbols);
}

static void each_default_can_be_given(void **state)
{
    char pair[256];
    struct options defaults;

    (void)state;
    options_set_defaults(&defaults);
    for (enum option_id id = 0; id < OPTION_MAX; id++) {
        if (!option_rows[id].ready || option_rows[id].def[0] == '\0')
            continue;
        snprintf(pair, sizeof(pair), "%s=%s", option_rows[id].name, option_rows[id].def);
        assert_taken(pair);
        assert_same_but_as_given(&defaults);
    }
}

static void follow_takes_one_both_or_none(void **state)
{
    (void)state;
    assert_taken("follow=fork");
    assert_int_equal(options.follow, OPTION_FOLLOW_FORK);
    assert_taken("follow=exec");
    assert_int_equal(options.follow, OPTION_FOLLOW_EXEC);
    assert_taken("follow=none");
    assert_int_equal(options.follow, 0);
    assert_taken("follow=exec,fork:depth=3");
    assert_int_equal(options.follow, OPTION_FOLLOW_FORK | OPTION_FOLLOW_EXEC);
    assert_refused("follow=both", "it takes fork, exec, fork,exec or none");
    assert_refused("follow=none,fork", "it takes fork, exec, fork,exec or none");
}

static void each_row_has_a_range_and_a_help_of_one_line(void **state)
{
    (void)state;
    for (enum option_id id = 0; id < OPTION_MAX; id++) {
        assert_true(strlen(option_rows[id].name) <= 31);
        assert_true(strlen(option_rows[id].range) > 0);
        assert_true(strlen(option_rows[id].help) > 0);
        assert_null(strchr(option_rows[id].help, '\n'));
    }
}

static void dir_log_and_exe_take_any_text(void **state)
{
    (void)state;
    assert_taken("dir=/var/tmp/lt");
    assert_string_equal(options.dir, "/var/tmp/lt");
    assert_taken("log=none");
    assert_string_equal(options.log, "none");
    assert_taken("exe=nginx,redis-*,py?hon");
    assert_string_equal(options.exe, "nginx,redis-*,py?hon");
    assert_refused("dir=", "bad value '' for option dir");
    assert_refused("log=", "bad value '' for option log");
    assert_refused("exe=", "bad value '' for option exe");
}

static void numbers_are_taken_to_the_ends_of_their_ranges(void **state)
{
    (void)state;
    assert_taken("interval=0");
    assert_taken("interval=31536000");
    assert_int_equal(options.interval_s, 31536000);
    assert_refused("interval=31536001", "it takes 0 to 31536000");
    assert_taken("warmup=31536000");
    assert_int_equal(options.warmup_s, 31536000);
    assert_refused("warmup=31536001", "it takes 0 to 31536000");
    assert_taken("depth=1");
    assert_int_equal(options.depth, 1);
    assert_taken("depth=512");
    assert_int_equal(options.depth, 512);
    assert_refused("depth=0", "it takes 1 to 512");
    assert_refused("depth=513", "it takes 1 to 512");
    assert_taken("check=1000000");
    assert_int_equal(options.check, 1000000);
    assert_refused("check=1000001", "it takes 0 to 1000000");
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const values[] = {"", "-1", "+1", "1.5", "0x10", "ten", "1s", "1K", "18446744073709551617", "99999999999999999999999"};
    char pair[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        snprintf(pair, sizeof(pair), "interval=%s", values[i]);
        assert_refused(pair, "bad value");
        snprintf(pair, sizeof(pair), "depth=%s", values[i]);
        assert_refused(pair, "bad value");
    }
}

static void at_exit_is_yes_or_no_in_several_words(void **state)
{
    static const char *const yes[] = {"yes", "true", "1", "on"}, *const no[] = {"no", "false", "0", "off"};
    char pair[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        snprintf(pair, sizeof(pair), "at_exit=no:at_exit=%s", yes[i]);
        assert_taken(pair);
        assert_true(options.at_exit);
        snprintf(pair, sizeof(pair), "at_exit=%s", no[i]);
        assert_taken(pair);
        assert_false(options.at_exit);
    }
    assert_refused("at_exit=maybe", "it takes yes or no");
    assert_refused("at_exit=YES", "it takes yes or no");
    assert_refused("at_exit=", "it takes yes or no");
}

static void signals_are_taken_by_name_and_above_rtmin(void **state)
{
    char pair[32];

    (void)state;
    assert_taken("signal=none");
    assert_int_equal(options.signal, 0);
    assert_taken("signal=USR1");
    assert_int_equal(options.signal, SIGUSR1);
    assert_taken("signal=SIGHUP");
    assert_int_equal(options.signal, SIGHUP);
    assert_taken("signal=RTMIN+0");
    assert_int_equal(options.signal, SIGRTMIN);
    snprintf(pair, sizeof(pair), "signal=RTMIN+%d", SIGRTMAX - SIGRTMIN);
    assert_taken(pair);
    assert_int_equal(options.signal, SIGRTMAX);
    snprintf(pair, sizeof(pair), "signal=RTMIN+%d", SIGRTMAX - SIGRTMIN + 1);
    assert_refused(pair, "bad value");
}

static void signals_that_cannot_be_had_are_refused(void **state)
{
    static const char *const values[] = {"KILL", "SIGSTOP", "STKFLT", "usr2", "12", "USR3", "RTMIN", "RTMIN+", "RTMIN+-1", "", "SIG"};
    char pair[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        snprintf(pair, sizeof(pair), "signal=%s", values[i]);
        assert_refused(pair, "it takes none, a name such as USR2, or RTMIN+n");
    }
}

static void profiles_and_formats_are_lists_of_words(void **state)
{
    (void)state;
    assert_taken("profiles=fd");
    assert_int_equal(options.profiles, 1u << KIND_FD);
    assert_taken("profiles=thread,heap");
    assert_int_equal(options.profiles, 1u << KIND_THREAD | 1u << KIND_HEAP);
    assert_taken("profiles=fd,fd");
    assert_int_equal(options.profiles, 1u << KIND_FD);
    assert_taken("format=text,pprof");
    assert_int_equal(options.formats, OPTION_FORMAT_TEXT | OPTION_FORMAT_PPROF);
    assert_refused("profiles=", "a list of heap, fd, thread");
    assert_refused("profiles=files", "a list of heap, fd, thread");
    assert_refused("profiles=heap,files", "a list of heap, fd, thread");
    assert_refused("profiles=hea", "a list of heap, fd, thread");
    assert_refused("profiles=heaps", "a list of heap, fd, thread");
    assert_refused("format=json", "a list of pprof, text");
}

static void sample_is_a_size_to_1T(void **state)
{
    (void)state;
    assert_taken("sample=0");
    assert_int_equal(options.sample_bytes, 0);
    assert_taken("sample=512K");
    assert_int_equal(options.sample_bytes, 512 << 10);
    assert_taken("sample=1T");
    assert_int_equal(options.sample_bytes, 1ul << 40);
    assert_refused("sample=1099511627777", "bad value '1099511627777' for option sample: it takes 0 to 1T");
    assert_refused("sample=-1", "bad value '-1'");
    assert_refused("sample=often", "bad value 'often'");
}

static void checkpoint_is_seconds_to_the_thousandth(void **state)
{
    (void)state;
    assert_taken("checkpoint=0");
    assert_int_equal(options.checkpoint_ms, 0);
    assert_taken("checkpoint=0.5");
    assert_int_equal(options.checkpoint_ms, 500);
    assert_taken("checkpoint=12.034");
    assert_int_equal(options.checkpoint_ms, 12034);
    assert_taken("checkpoint=86400.0");
    assert_int_equal(options.checkpoint_ms, 86400000);
    assert_refused("checkpoint=86400.001", "bad value '86400.001' for option checkpoint");
    assert_refused("checkpoint=0.0001", "bad value '0.0001'");
    assert_refused("checkpoint=.5", "bad value '.5'");
    assert_refused("checkpoint=5.", "bad value '5.'");
    assert_refused("checkpoint=1.2.3", "bad value '1.2.3'");
    assert_refused("checkpoint=-1", "bad value '-1'");
    assert_refused("checkpoint=11111111111111111111", "bad value");
}

static void thresholds_are_figures_or_shares(void **state)
{
    (void)state;
    assert_taken("at_rss=512M");
    assert_int_equal(options.at_rss.value, 512ul << 20);
    assert_int_equal(options.at_rss.percent, 0);
    assert_taken("at_rss=1G:at_rss=95%");
    assert_int_equal(options.at_rss.value, 0);
    assert_int_equal(options.at_rss.percent, 95);
    assert_taken("at_fds=1000:at_threads=100%");
    assert_int_equal(options.at_fds.value, 1000);
    assert_int_equal(options.at_threads.percent, 100);
    assert_taken("at_fds=5:at_fds=off");
    assert_int_equal(options.at_fds.value, 0);
    assert_refused("at_rss=0", "bad value '0' for option at_rss");
    assert_refused("at_rss=101%", "bad value '101%'");
    assert_refused("at_fds=1K", "bad value '1K' for option at_fds");
    assert_refused("at_threads=0%", "bad value '0%'");
    assert_refused("at_threads=many", "off, a count, or 80%");
}

static void what_stays_on_disk_has_bounds(void **state)
{
    (void)state;
    assert_taken("keep=1:max_disk=1M");
    assert_int_equal(options.keep, 1);
    assert_int_equal(options.max_disk, 1ul << 20);
    assert_taken("keep=9999:max_disk=2T");
    assert_int_equal(options.max_disk, 2ul << 40);
    assert_refused("keep=0", "bad value '0' for option keep");
    assert_refused("keep=10000", "it takes 1 to 9999");
    assert_refused("max_disk=1048575", "it takes a size from 1M");
}

static void memory_is_a_size_or_a_share(void **state)
{
    (void)state;
    assert_taken("memory=1M");
    assert_int_equal(options.memory_bytes, 1ul << 20);
    assert_taken("memory=1048576");
    assert_int_equal(options.memory_bytes, 1ul << 20);
    assert_taken("memory=3g");
    assert_int_equal(options.memory_bytes, 3ul << 30);
    assert_taken("memory=2T");
    assert_int_equal(options.memory_bytes, 2ul << 40);
    assert_taken("memory=8191P");
    assert_int_equal(options.memory_bytes, 8191ul << 50);
    assert_taken("memory=2M:memory=1%");
    assert_int_equal(options.memory_bytes, 0);
    assert_int_equal(options.memory_percent, 1);
    assert_taken("memory=90%");
    assert_int_equal(options.memory_percent, 90);
}

static void memory_that_is_too_little_too_much_or_no_size_is_refused(void **state)
{
    static const char *const values[] = {"",     "%",     "0%",       "91%",   "100%",     "-5%", "10 %", "000000010%", "0", "1048575",
                                         "1023K", "8192P", "1E",      "1MB",   "1 M",      "M",   "1.5G", "9223372036854775808",
                                         "99999999999999999999T"};
    char pair[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        snprintf(pair, sizeof(pair), "memory='%s'", values[i]);
        assert_refused(pair, "it takes a size from 1M, or 1% to 90%");
    }
}

static void symbols_are_functions_or_none(void **state)
{
    (void)state;
    assert_taken("symbols=none");
    assert_false(options.symbols);
    assert_taken("symbols=none:symbols=functions");
    assert_true(options.symbols);
    assert_refused("symbols=lines", "it takes functions or none");
    assert_refused("symbols=", "it takes functions or none");
}

static void pairs_are_separated_by_colon_comma_and_white_space(void **state)
{
    (void)state;
    assert_int_equal(parse(" interval=3,depth=4:warmup=5\tcheck=6\n\r::, at_exit=no "), 0);
    assert_int_equal(options.interval_s, 3);
    assert_int_equal(options.depth, 4);
    assert_int_equal(options.warmup_s, 5);
    assert_int_equal(options.check, 6);
    assert_false(options.at_exit);
    assert_taken("");
    assert_taken(" :,\n");
}

static void a_comma_before_a_word_belongs_to_the_value(void **state)
{
    (void)state;
    assert_taken("profiles=heap,fd:interval=3");
    assert_int_equal(options.profiles, 1u << KIND_HEAP | 1u << KIND_FD);
    assert_int_equal(options.interval_s, 3);
    assert_taken("profiles=heap,fd,interval=3");
    assert_int_equal(options.profiles, 1u << KIND_HEAP | 1u << KIND_FD);
    assert_int_equal(options.interval_s, 3);
    assert_taken("profiles=heap,");
    assert_int_equal(options.profiles, 1u << KIND_HEAP);
}

static void quoted_values_may_have_separators_in_them(void **state)
{
    (void)state;
    assert_taken("dir=\"/tmp/a b:c,d=e\":interval=3");
    assert_string_equal(options.dir, "/tmp/a b:c,d=e");
    assert_int_equal(options.interval_s, 3);
    assert_taken("dir='/tmp/it\"s' interval=4");
    assert_string_equal(options.dir, "/tmp/it\"s");
    assert_int_equal(options.interval_s, 4);
    assert_taken("log='/tmp/open");
    assert_string_equal(options.log, "/tmp/open");
}

static void of_two_values_the_later_holds(void **state)
{
    (void)state;
    assert_taken("interval=3:interval=4");
    assert_int_equal(options.interval_s, 4);
    assert_int_equal(parse("interval=3:interval=x:depth=9"), 1);
    assert_int_equal(options.interval_s, 3);
    assert_int_equal(options.depth, 9);
}

static void an_unknown_key_is_answered_with_the_nearest_one(void **state)
{
    (void)state;
    assert_refused("intervall=3", "unknown option 'intervall', did you mean 'interval'?");
    assert_refused("dri=/tmp", "did you mean 'dir'?");
    assert_refused("Depth=3", "did you mean 'depth'?");
    assert_refused("profile=heap", "did you mean 'profiles'?");
    assert_refused("at-exit=no", "did you mean 'at_exit'?");
    assert_int_equal(parse("colour=red:=3:x"), 3);
    assert_null(strstr(lines, "did you mean"));
    assert_non_null(strstr(lines, "unknown option 'colour'\n"));
}

static void a_key_without_a_value_is_refused(void **state)
{
    (void)state;
    assert_refused("interval", "option interval needs a value: interval=...");
    assert_int_equal(parse("interval:depth=3"), 1);
    assert_int_equal(options.depth, 3);
}

static void what_nothing_acts_on_yet_is_refused(void **state)
{
    char pair[64], line[128];

    (void)state;
    for (enum option_id id = 0; id < OPTION_MAX; id++) {
        if (option_rows[id].ready)
            continue;
        snprintf(pair, sizeof(pair), "%s=%s", option_rows[id].name, option_rows[id].def);
        snprintf(line, sizeof(line), "option %s is not yet there; it has no effect", option_rows[id].name);
        assert_refused(pair, line);
    }
    assert_refused("profiles=heap,mmap", "mmap is not yet there");
}

static void a_value_is_taken_whole_or_not_at_all(void **state)
{
    char text[OPTIONS_PATH_MAX + 16] = "dir=/";

    (void)state;
    memset(text + 5, 'd', OPTIONS_PATH_MAX - 2);
    assert_int_equal(parse(text), 0);
    assert_memory_equal(options.dir, text + 4, OPTIONS_PATH_MAX);
    text[5 + OPTIONS_PATH_MAX - 2] = 'd';
    assert_refused(text, "the value of option dir is too long: it may have 1023 bytes");
    memcpy(text, "dir='/", 6);
    text[5 + OPTIONS_PATH_MAX - 1] = 'd';
    assert_refused(text, "the value of option dir is too long");
}

static void a_key_of_any_length_is_only_unknown(void **state)
{
    char text[3000];

    (void)state;
    memset(text, 'k', sizeof(text));
    memcpy(text + sizeof(text) - 3, "=1", 3);
    assert_refused(text, "unknown option 'kkk");
    /* What its first letters spell is not what was meant. */
    memset(text, ' ', 100);
    memcpy(text + 100, "depth", 5);
    assert_refused(text, "unknown option 'depthkkk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_table),
        cmocka_unit_test(each_default_can_be_given),
        cmocka_unit_test(follow_takes_one_both_or_none),
        cmocka_unit_test(each_row_has_a_range_and_a_help_of_one_line),
        cmocka_unit_test(dir_log_and_exe_take_any_text),
        cmocka_unit_test(numbers_are_taken_to_the_ends_of_their_ranges),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(at_exit_is_yes_or_no_in_several_words),
        cmocka_unit_test(signals_are_taken_by_name_and_above_rtmin),
        cmocka_unit_test(signals_that_cannot_be_had_are_refused),
        cmocka_unit_test(profiles_and_formats_are_lists_of_words),
        cmocka_unit_test(sample_is_a_size_to_1T),
        cmocka_unit_test(checkpoint_is_seconds_to_the_thousandth),
        cmocka_unit_test(thresholds_are_figures_or_shares),
        cmocka_unit_test(what_stays_on_disk_has_bounds),
        cmocka_unit_test(memory_is_a_size_or_a_share),
        cmocka_unit_test(memory_that_is_too_little_too_much_or_no_size_is_refused),
        cmocka_unit_test(symbols_are_functions_or_none),
        cmocka_unit_test(pairs_are_separated_by_colon_comma_and_white_space),
        cmocka_unit_test(a_comma_before_a_word_belongs_to_the_value),
        cmocka_unit_test(quoted_values_may_have_separators_in_them),
        cmocka_unit_test(of_two_values_the_later_holds),
        cmocka_unit_test(an_unknown_key_is_answered_with_the_nearest_one),
        cmocka_unit_test(a_key_without_a_value_is_refused),
        cmocka_unit_test(what_nothing_acts_on_yet_is_refused),
        cmocka_unit_test(a_value_is_taken_whole_or_not_at_all),
        cmocka_unit_test(a_key_of_any_length_is_only_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
