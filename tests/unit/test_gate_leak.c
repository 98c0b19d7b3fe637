/* Leaks of many processes become one by site. */
#include "../support/unit.h"

#include "gate/leak.h"
#include "gate/process.h"

#include <string.h>

static struct leaks leaks;
static struct gate_process first = {.pid = 2, .number = 1, .exe = "app"}, second = {.pid = 1, .number = 2, .exe = "app"};
static struct profile_function parse = {.id = 1, .name = "parse", .system_name = "parse", .file = ""};

static int begin(void **state)
{
    (void)state;
    leaks = (struct leaks){.n = 0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    leaks_release(&leaks);
    return 0;
}

/* A location at `offset` of a module that the loader has put at `base`. */
static uint32_t intern(const char *module, const char *build_id, uint64_t base, uint64_t offset,
                       struct profile_function *function)
{
    struct profile_mapping mapping = {.id = 1, .start = base, .limit = base + 0x10000, .file = module, .build_id = build_id};
    struct profile_line line = {.function = function};
    struct profile_location location = {.id = 1, .address = base + offset, .mapping = &mapping, .lines = &line};

    location.n_lines = function != NULL;
    return pool_intern(&leaks.pool, &location);
}

static void add(const struct gate_process *process, enum leak_class class, int64_t count, uint32_t number)
{
    struct leak like = {.kind = LEAK_HEAP, .class = class, .amount = {count, 10 * count}, .detail = ""};

    leaks_add(&leaks, &like, &number, 1, process, 0);
}

static void a_place_is_the_same_wherever_its_module_lies(void **state)
{
    uint32_t a = intern("/opt/app", "aa", 0x1000000, 0x123, &parse);

    (void)state;
    assert_int_equal(intern("/opt/app", "aa", 0x7000000, 0x123, &parse), a);
    assert_int_not_equal(intern("/opt/app", "aa", 0x1000000, 0x124, &parse), a);
    assert_int_not_equal(intern("/opt/other", "aa", 0x1000000, 0x123, &parse), a);
}

static void leaks_of_one_site_add_up_over_processes(void **state)
{
    (void)state;
    add(&first, LEAK_DEFINITE, 3, intern("/opt/app", "aa", 0x1000000, 0x123, &parse));
    add(&second, LEAK_DEFINITE, 4, intern("/opt/app", "aa", 0x5000000, 0x123, &parse));
    add(&second, LEAK_INDIRECT, 1, intern("/opt/app", "aa", 0x5000000, 0x123, &parse));
    leaks_finish(&leaks, NULL);
    assert_int_equal(leaks.n, 2);
    assert_int_equal(leaks.sorted[0]->class, LEAK_DEFINITE);
    assert_int_equal(leaks.sorted[0]->amount.count, 7);
    assert_int_equal(leaks.sorted[0]->amount.bytes, 70);
    assert_int_equal(leaks.sorted[0]->n_processes, 2);
    assert_string_equal(leaks.sorted[0]->frames[0]->function, "parse");
    assert_int_equal(leaks.sorted[1]->n_processes, 1);
}

static void what_looks_the_same_is_one_and_what_has_no_name_is_told_by_its_place(void **state)
{
    (void)state;
    add(&first, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, 0x100, &parse));
    add(&first, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, 0x200, &parse));
    add(&first, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, 0x300, NULL));
    add(&first, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, 0x400, NULL));
    leaks_finish(&leaks, NULL);
    assert_int_equal(leaks.n, 3);
    assert_int_equal(leaks.sorted[0]->amount.count, 2);
    assert_int_equal(leaks.sorted[0]->n_processes, 1);
}

static void a_process_is_noted_once_however_many_places_look_the_same(void **state)
{
    (void)state;
    for (uint64_t offset = 0x100; offset < 0x105; offset++) {
        add(&first, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, offset, &parse));
        add(&second, LEAK_DEFINITE, 1, intern("/opt/app", "aa", 0x1000000, offset, &parse));
    }
    leaks_finish(&leaks, NULL);
    assert_int_equal(leaks.n, 1);
    assert_int_equal(leaks.sorted[0]->amount.count, 10);
    assert_int_equal(leaks.sorted[0]->n_processes, 2);
    assert_ptr_equal(leaks.sorted[0]->processes[0], &first);
    assert_ptr_equal(leaks.sorted[0]->processes[1], &second);
}

static void the_order_does_not_depend_on_that_in_which_they_came(void **state)
{
    struct profile_function load = {.id = 2, .name = "load", .system_name = "load", .file = ""};
    const char *names[2][3];

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        uint32_t a = intern("/opt/app", "aa", 0x1000000, 0x100, &parse), b = intern("/opt/app", "aa", 0x1000000, 0x200, &load);

        add(&first, LEAK_DEFINITE, 1, turn == 0 ? a : b);
        add(&first, LEAK_DEFINITE, 1, turn == 0 ? b : a);
        add(&first, LEAK_POSSIBLE, 9, a);
        leaks_finish(&leaks, NULL);
        for (size_t i = 0; i < 3; i++)
            names[turn][i] = leaks.sorted[i]->frames[0]->function[0] == 'p' ? "parse" : "load";
        leaks_release(&leaks);
        leaks = (struct leaks){.n = 0};
    }
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(names[0][i], names[1][i]);
    assert_string_equal(names[0][0], "load");
}

static void growth_is_kept_by_round(void **state)
{
    struct leak like = {.kind = LEAK_HEAP, .class = LEAK_GROWTH, .detail = ""};
    uint32_t number = intern("/opt/app", "aa", 0x1000000, 0x100, &parse);

    (void)state;
    leaks.n_rounds = 3;
    for (size_t round = 0; round < 3; round++) {
        like.amount = (struct leak_amount){(int64_t)round + 1, 8};
        leaks_add(&leaks, &like, &number, 1, &first, round);
        leaks_add(&leaks, &like, &number, 1, &second, round);
    }
    leaks_finish(&leaks, NULL);
    assert_int_equal(leaks.n, 1);
    assert_int_equal(leaks.sorted[0]->rounds[0].count, 2);
    assert_int_equal(leaks.sorted[0]->rounds[2].count, 6);
    assert_int_equal(leaks.sorted[0]->amount.count, 6);
    assert_int_equal(leaks.sorted[0]->n_processes, 2);
}

static void nothing_is_no_leak(void **state)
{
    (void)state;
    add(&first, LEAK_DEFINITE, 0, intern("/opt/app", "aa", 0x1000000, 0x100, &parse));
    leaks_finish(&leaks, NULL);
    assert_int_equal(leaks.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_place_is_the_same_wherever_its_module_lies, begin, end),
        cmocka_unit_test_setup_teardown(leaks_of_one_site_add_up_over_processes, begin, end),
        cmocka_unit_test_setup_teardown(what_looks_the_same_is_one_and_what_has_no_name_is_told_by_its_place, begin, end),
        cmocka_unit_test_setup_teardown(a_process_is_noted_once_however_many_places_look_the_same, begin, end),
        cmocka_unit_test_setup_teardown(the_order_does_not_depend_on_that_in_which_they_came, begin, end),
        cmocka_unit_test_setup_teardown(growth_is_kept_by_round, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_no_leak, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
