/* The tree of a flame graph: what comes together, what its sites are, and what a page makes of names. */
#include "../support/unit.h"

#include "flame/html.h"
#include "flame/pack.h"
#include "flame/tree.h"
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

static struct profile_mapping program = {.id = 1, .start = 0x1000, .limit = 0x9000, .file = "/opt/program", .build_id = "aa"};
static struct profile_mapping libc = {
    .id = 2, .start = 0x100000, .limit = 0x200000, .file = "/usr/lib/x86_64-linux-gnu/libc.so.6", .build_id = "bb"};

static struct profile_function functions[] = {
    {.id = 1, .name = "main", .system_name = "", .file = "/src/main.c"},
    {.id = 2, .name = "keep", .system_name = "", .file = "/src/keep.c"},
    {.id = 3, .name = "strdup", .system_name = "", .file = ""},
};
static struct profile_line lines[] = {{&functions[0], 10}, {&functions[1], 20}, {&functions[1], 21}, {&functions[2], 0}};

enum { MAIN, KEEP, KEEP_BELOW, STRDUP, LOCATIONS };

static struct profile_location locations[] = {
    [MAIN] = {.id = 1, .address = 0x1010, .mapping = &program, .lines = &lines[0], .n_lines = 1},
    [KEEP] = {.id = 2, .address = 0x1020, .mapping = &program, .lines = &lines[1], .n_lines = 1},
    [KEEP_BELOW] = {.id = 3, .address = 0x1030, .mapping = &program, .lines = &lines[2], .n_lines = 1},
    [STRDUP] = {.id = 4, .address = 0x100010, .mapping = &libc, .lines = &lines[3], .n_lines = 1},
};
/* Another build: the same addresses are other code. */
static struct profile_location moved[] = {
    [MAIN] = {.id = 1, .address = 0x1020, .mapping = &program, .lines = &lines[0], .n_lines = 1},
    [KEEP] = {.id = 2, .address = 0x1010, .mapping = &program, .lines = &lines[1], .n_lines = 1},
};

static struct profile_type types[] = {{"inuse_objects", "count"}, {"inuse_space", "bytes"}};

#define STACK_OF(...) ((const struct profile_location *[]){__VA_ARGS__})
#define SAMPLE(number, size, ...)                                                                                              \
    {                                                                                                                          \
        .values = (int64_t[]){number, size}, .stack = STACK_OF(__VA_ARGS__), .depth = ARRAY_LEN(STACK_OF(__VA_ARGS__))         \
    }
#define PROFILE(some_samples, some_locations)                                                                                  \
    {                                                                                                                          \
        .types = types, .n_types = ARRAY_LEN(types), .samples = some_samples, .n_samples = ARRAY_LEN(some_samples),            \
        .locations = some_locations, .n_locations = ARRAY_LEN(some_locations), .default_type = ""                              \
    }

static const struct flame_node *find(const struct flame_tree *tree, const struct flame_functions *table, const char *name)
{
    for (const struct flame_node *node = flame_tree_next(tree->root); node != NULL; node = flame_tree_next(node))
        if (strcmp(table->rows[node->function].name, name) == 0)
            return node;
    return NULL;
}

static void stacks_of_the_same_functions_are_one_branch(void **state)
{
    struct profile_sample samples[] = {
        SAMPLE(1, 100, &locations[KEEP], &locations[MAIN]),
        SAMPLE(2, 50, &locations[KEEP_BELOW], &locations[MAIN]),
        SAMPLE(0, 0, &locations[STRDUP], &locations[MAIN]),
        SAMPLE(4, 7, &locations[MAIN]),
    };
    struct profile profile = PROFILE(samples, locations);
    const struct flame_part part = {.profile = &profile};
    struct arena arena = {0};
    struct flame_functions table = {.arena = &arena};
    struct flame_tree tree;
    const struct flame_node *keep, *first;

    (void)state;
    flame_tree_build(&table, "heap", &part, 1, &tree);
    assert_int_equal(tree.n_nodes, 2);
    assert_int_equal(tree.chosen, 1);
    keep = find(&tree, &table, "keep");
    assert_non_null(keep);
    assert_int_equal(keep->line, 0);
    assert_int_equal(keep->depth, 2);
    first = find(&tree, &table, "main");
    assert_ptr_equal(keep->parent, first);
    assert_int_equal(first->line, 10);
    assert_int_equal(first->ends->values[1], 7);
    assert_int_equal(tree.n_sites, 3);
    assert_int_equal(tree.sites[0].line, 20);
    assert_int_equal(tree.sites[0].values[1], 100);
    assert_int_equal(tree.sites[1].line, 21);
    assert_int_equal(tree.sites[1].values[0], 2);
    arena_release(&arena);
}

static void a_site_is_the_innermost_code_of_the_user(void **state)
{
    struct profile_sample samples[] = {
        SAMPLE(1, 10, &locations[STRDUP], &locations[KEEP], &locations[MAIN]),
        SAMPLE(1, 30, &locations[KEEP], &locations[MAIN]),
        SAMPLE(1, 60, &locations[STRDUP]),
    };
    struct profile profile = PROFILE(samples, locations);
    const struct flame_part part = {.profile = &profile};
    struct arena arena = {0};
    struct flame_functions table = {.arena = &arena};
    struct flame_tree tree;

    (void)state;
    flame_tree_build(&table, "heap", &part, 1, &tree);
    assert_int_equal(tree.n_sites, 2);
    assert_string_equal(table.rows[tree.sites[0].function].name, "strdup");
    assert_int_equal(tree.sites[0].values[1], 60);
    assert_string_equal(table.rows[tree.sites[1].function].name, "keep");
    assert_int_equal(tree.sites[1].values[1], 40);
    assert_int_equal(tree.sites[1].line, 20);
    arena_release(&arena);
}

static void an_older_dump_is_joined_by_name_whatever_its_addresses(void **state)
{
    struct profile_sample samples[] = {SAMPLE(2, 200, &locations[KEEP], &locations[MAIN])};
    struct profile_sample old_samples[] = {SAMPLE(5, 500, &moved[KEEP], &moved[MAIN]), SAMPLE(1, 1, &moved[MAIN])};
    struct profile profile = PROFILE(samples, locations), old = PROFILE(old_samples, moved);
    const struct flame_part parts[] = {{.profile = &profile}, {.profile = &old, .is_before = true}};
    struct arena arena = {0};
    struct flame_functions table = {.arena = &arena};
    struct flame_tree tree;

    (void)state;
    flame_tree_build(&table, "heap", parts, ARRAY_LEN(parts), &tree);
    assert_true(tree.has_before);
    assert_int_equal(tree.n_nodes, 2);
    assert_int_equal(find(&tree, &table, "keep")->ends->values[1], 200);
    assert_int_equal(find(&tree, &table, "keep")->ends->befores[1], 500);
    assert_int_equal(find(&tree, &table, "main")->ends->befores[1], 1);
    arena_release(&arena);
}

static void growth_has_columns_of_its_own(void **state)
{
    struct profile_sample samples[] = {SAMPLE(2, 200, &locations[KEEP])};
    struct profile_sample growth_samples[] = {SAMPLE(1, 90, &locations[KEEP])};
    struct profile profile = PROFILE(samples, locations), growth = PROFILE(growth_samples, locations);
    const struct flame_part parts[] = {{.profile = &profile}, {.profile = &growth, .is_growth = true}};
    struct arena arena = {0};
    struct flame_functions table = {.arena = &arena};
    struct flame_tree tree;

    (void)state;
    flame_tree_build(&table, "heap", parts, ARRAY_LEN(parts), &tree);
    assert_int_equal(tree.n_columns, 4);
    assert_true(tree.columns[3].is_growth);
    assert_int_equal(find(&tree, &table, "keep")->ends->values[1], 200);
    assert_int_equal(find(&tree, &table, "keep")->ends->values[3], 90);
    arena_release(&arena);
}

/* What `write` puts, malloc'ed. */
static char *put(void (*write)(FILE *out, const char *text), const char *text)
{
    char *bytes = NULL;
    size_t len;
    FILE *out = open_memstream(&bytes, &len);

    assert_non_null(out);
    write(out, text);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

static void text_cannot_leave_its_place_in_html(void **state)
{
    static const char *const cases[][2] = {
        {"<b>&\"'</b>", "&#60;b&#62;&#38;&#34;&#39;&#60;/b&#62;"},
        {"\xff\xc3(", "\ufffd\ufffd("},
        {"a\nb\x1b\u202e", "a\ufffdb\ufffd\ufffd"},
        {"\u00e9", "\u00e9"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *escaped = put(html_put, cases[i][0]);

        assert_string_equal(escaped, cases[i][1]);
        free(escaped);
    }
}

static void pack_text(FILE *out, const char *text)
{
    pack_put(out, text, strlen(text));
}

static void packed_bytes_are_letters_that_mean_nothing_in_html(void **state)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    (void)state;
    for (size_t len = 0; len < 100; len++) {
        char text[100];
        char *packed;

        memset(text, '<', len);
        text[len] = '\0';
        packed = put(pack_text, text);
        assert_int_equal(strspn(packed, allowed), strlen(packed));
        assert_int_equal(strlen(packed) % 4, 0);
        free(packed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_of_the_same_functions_are_one_branch),
        cmocka_unit_test(a_site_is_the_innermost_code_of_the_user),
        cmocka_unit_test(an_older_dump_is_joined_by_name_whatever_its_addresses),
        cmocka_unit_test(growth_has_columns_of_its_own),
        cmocka_unit_test(text_cannot_leave_its_place_in_html),
        cmocka_unit_test(packed_bytes_are_letters_that_mean_nothing_in_html),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
