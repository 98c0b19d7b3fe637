/* What the formats make of names that try to break them. */
#include "../support/unit.h"

#include "../support/leaks.h"
#include "common.h"
#include "gate/format.h"
#include "gate/output.h"

#include <stdio.h>
#include <unistd.h>

static struct leaks_by_hand hand;
static struct verdict verdict;
static struct gate_process process = {.pid = 7, .exe = "app", .command = "app", .test = ""};
static const struct gate_process *processes[] = {&process};

static int begin(void **state)
{
    (void)state;
    hand = (struct leaks_by_hand){.leaks = {.n = 0}};
    process.test = "";
    verdict = (struct verdict){.program = "app --flag", .leaks = &hand.leaks, .n_processes = 1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&hand.leaks.arena);
    return 0;
}

static struct leak *add_failing(const char *const *frames)
{
    struct leak *leak = leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 3, 96, frames);

    leak->fails = true;
    leak->processes = processes;
    leak->n_processes = 1;
    verdict.n_failing++;
    return leak;
}

static char *write_with(output_write *write)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    write(&verdict, out);
    fclose(out);
    return text;
}

static void assert_has(char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_has_not(char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

static void annotations_are_one_line_and_escape_what_would_end_them(void **state)
{
    char *text;

    (void)state;
    process.test = "50%\r\n::error::x";
    add_failing(LEAK_STACK("ns::f(int, char)@/opt/app@/src/a,b:c.c:12"));
    text = write_with(format_github);
    assert_has(text, "::error file=/src/a%2Cb,line=1,title=3 heap blocks (96 B) definitely lost::ns::f(int, char)");
    assert_has(text, "%0Atest 50%25%0D%0A::error::x%0A");
    assert_has_not(text, "\n::error::x");
    free(text);
}

static void annotations_without_source_name_no_file(void **state)
{
    char *text;

    (void)state;
    add_failing(LEAK_STACK("f@/opt/app"));
    text = write_with(format_github);
    assert_has(text, "::error title=3 heap blocks");
    assert_has(text, "::notice title=leaktrace gate::1 leak in 1 process\n");
    free(text);
}

static void xml_stays_well_formed(void **state)
{
    char *text;

    (void)state;
    process.test = "a<b>&\"c\"\x01\xff";
    add_failing(LEAK_STACK("std::less<int>::operator()(int&, \"x\")"));
    text = write_with(format_junit);
    assert_has(text, "name=\"std::less&#60;int&#62;::operator()(int&#38;, &#34;x&#34;) [");
    assert_has(text, "test a&#60;b&#62;&#38;&#34;c&#34;\ufffd\ufffd\n");
    assert_has(text, "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\"");
    free(text);
}

static void suppressed_and_known_leaks_are_skipped_cases(void **state)
{
    char *text;

    (void)state;
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, LEAK_STACK("a"))->suppressed_by = "leak:a";
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 1, 1, LEAK_STACK("b"));
    text = write_with(format_junit);
    assert_has(text, "tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"2\"");
    assert_has(text, "<skipped message=\"leak:a\"/>");
    assert_has(text, "<skipped message=\"known\"/>");
    free(text);
}

static void what_was_not_looked_at_is_an_error_and_no_pass(void **state)
{
    char *text;

    (void)state;
    verdict.is_incomplete = true;
    text = write_with(format_junit);
    assert_has(text, "errors=\"1\"");
    assert_has(text, "<error message=");
    free(text);
    text = write_with(format_json);
    assert_has(text, "\"verdict\": \"incomplete\"");
    free(text);
    text = write_with(format_sarif);
    assert_has(text, "\"executionSuccessful\": false");
    free(text);
    text = write_with(format_text);
    assert_string_equal(text, "leaktrace gate: incomplete, no leaks found in 1 process\n");
    free(text);
}

static void leaks_with_one_fingerprint_have_names_of_their_own(void **state)
{
    char *text, *name;

    (void)state;
    add_failing(LEAK_STACK("f@/opt/app@a.c:1"));
    add_failing(LEAK_STACK("f@/opt/app@a.c:2"));
    assert_string_equal(hand.rows[0].fingerprint.id, hand.rows[1].fingerprint.id);
    name = must_format("\"fingerprint\": \"%s-2\"", hand.rows[0].fingerprint.id);
    text = write_with(format_gitlab);
    assert_has(text, name);
    free(name);
    free(text);
    name = must_format("\"primaryLocationLineHash\": \"%s:2\"", hand.rows[0].fingerprint.id);
    text = write_with(format_sarif);
    assert_has(text, name);
    free(name);
    free(text);
    name = format_stable_name(&verdict, 1);
    assert_has(name, "] #2");
    free(name);
}

static void uris_are_relative_below_the_current_folder_and_escaped(void **state)
{
    char folder[4096], *path, *text;

    (void)state;
    assert_non_null(getcwd(folder, sizeof(folder)));
    path = must_format("f@/opt/app@%s/src/./x/../a b#%%.c:3", folder);
    add_failing((const char *const[]){path, "main@/opt/app@/abs/m.c:1", NULL});
    free(path);
    text = write_with(format_sarif);
    assert_has(text, "\"uri\": \"src/a%20b%23%25.c\"");
    assert_has(text, "\"uri\": \"file:///abs/m.c\"");
    free(text);
}

static void the_code_flow_leads_from_main_to_the_leaf(void **state)
{
    const char *flow;
    char *text;

    (void)state;
    add_failing(LEAK_STACK("leaf", "middle", "main"));
    text = write_with(format_sarif);
    flow = strstr(text, "codeFlows");
    assert_true(strstr(flow, "\"main\"") < strstr(flow, "\"middle\""));
    assert_true(strstr(flow, "\"middle\"") < strstr(flow, "\"leaf\""));
    free(text);
}

static void cells_of_a_table_hold_no_markup(void **state)
{
    char *text;

    (void)state;
    process.test = "a | b\nc `d` <e>";
    add_failing(LEAK_STACK("f<int|x>"));
    text = write_with(format_markdown);
    assert_has(text, "| f&#60;int&#124;x&#62; |");
    assert_has(text, "a &#124; b c &#96;d&#96; &#60;e&#62; |");
    assert_has(text, "#0 f&#60;int|x&#62; in app\n");
    free(text);
}

static void text_shows_the_ends_of_long_stacks(void **state)
{
    const struct places_frame **frames = must_grow(NULL, 100, sizeof(*frames));
    struct leak *leak = add_failing(LEAK_STACK("f"));
    char *text;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        frames[i] = leak->frames[0];
    leak->frames = frames;
    leak->n_frames = 100;
    text = write_with(format_text);
    assert_has(text, "    #23 f  app\n    ... 68 more frames\n    #92 f  app\n");
    assert_has(text, "    #99 f  app\n");
    assert_has(text, "leaktrace gate: 1 leak in 1 process\n");
    free(text);
    free(frames);
}

static void valgrinds_log_counts_each_leak_that_fails(void **state)
{
    char *text;

    (void)state;
    process.test = "test_it";
    add_failing(LEAK_STACK("leaf", "main"));
    add_failing(LEAK_STACK("other"))->class = LEAK_POSSIBLE;
    leaks_add_by_hand(&hand, LEAK_HEAP, LEAK_DEFINITE, 9, 99, LEAK_STACK("known"));
    text = write_with(format_valgrind);
    assert_has(text,
               "==7== 96 bytes in 3 blocks are definitely lost in loss record 1 of 2\n==7==    at leaf\n==7==    by main\n"
               "==7==    test test_it\n==7==    3 heap blocks (96 B) definitely lost, fingerprint ");
    assert_has(text, "==7== 96 bytes in 3 blocks are possibly lost in loss record 2 of 2\n");
    assert_has_not(text, "known");
    free(text);
}

static void a_list_of_formats_is_read_with_their_files(void **state)
{
    struct output *outputs;

    (void)state;
    assert_int_equal(output_parse("text,json=a.json,sarif=-", &outputs), 3);
    assert_ptr_equal(outputs[0].write, format_text);
    assert_null(outputs[0].file);
    assert_ptr_equal(outputs[1].write, format_json);
    assert_string_equal(outputs[1].file, "a.json");
    assert_string_equal(outputs[2].file, "-");
    output_release(outputs, 3);
    assert_int_equal(output_parse("yaml", &outputs), 0);
    assert_int_equal(output_parse("json=", &outputs), 0);
    assert_int_equal(output_parse("", &outputs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(annotations_are_one_line_and_escape_what_would_end_them, begin, end),
        cmocka_unit_test_setup_teardown(annotations_without_source_name_no_file, begin, end),
        cmocka_unit_test_setup_teardown(xml_stays_well_formed, begin, end),
        cmocka_unit_test_setup_teardown(suppressed_and_known_leaks_are_skipped_cases, begin, end),
        cmocka_unit_test_setup_teardown(what_was_not_looked_at_is_an_error_and_no_pass, begin, end),
        cmocka_unit_test_setup_teardown(leaks_with_one_fingerprint_have_names_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(uris_are_relative_below_the_current_folder_and_escaped, begin, end),
        cmocka_unit_test_setup_teardown(the_code_flow_leads_from_main_to_the_leaf, begin, end),
        cmocka_unit_test_setup_teardown(cells_of_a_table_hold_no_markup, begin, end),
        cmocka_unit_test_setup_teardown(text_shows_the_ends_of_long_stacks, begin, end),
        cmocka_unit_test_setup_teardown(valgrinds_log_counts_each_leak_that_fails, begin, end),
        cmocka_unit_test_setup_teardown(a_list_of_formats_is_read_with_their_files, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
