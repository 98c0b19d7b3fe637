/* Lists of shell patterns. */
#include "../support/unit.h"

#include "base/glob.h"

#include <string.h>

struct pair {
    const char *list;
    const char *name;
};

static void a_name_matches_one_of_the_patterns(void **state)
{
    static const struct pair pairs[] = {
        {"*", "redis-server"}, {"*", ""},           {"nginx", "nginx"},         {"a,nginx,b", "nginx"},
        {"redis-*", "redis-"}, {"redis-*", "redis-server"}, {"*server", "redis-server"}, {"*-*", "a-b"},
        {"py?hon3", "python3"}, {"p*n*", "python3"}, {"**a**", "banana"},      {"*ana", "banana"},
        {"?", "x"},            {"x,?*", "yy"},       {"*abc*abd", "abcabcabd"}, {",,a", "a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (!glob_list_matches(pairs[i].list, pairs[i].name))
            fail_msg("'%s' does not match '%s'", pairs[i].name, pairs[i].list);
}

static void other_names_do_not_match(void **state)
{
    static const struct pair pairs[] = {
        {"", "nginx"},   {"", ""},          {"nginx", "nginx2"}, {"nginx", "ngin"},   {"nginx", "Nginx"}, {"?", ""},
        {"?", "xy"},     {"a,b", "a,b"},    {"a,b", "ab"},       {"*x", "xy"},        {"x*", "yx"},       {"redis-*", "redis"},
        {"a*b*c", "acb"}, {"*ab", "ababa"}, {"nginx,", ""},      {"[a]", "a"},        {"\\*", "*"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (glob_list_matches(pairs[i].list, pairs[i].name))
            fail_msg("'%s' matches '%s'", pairs[i].name, pairs[i].list);
}

/* A matcher that tries all ways for all stars would need 2^100 steps. */
static void many_stars_take_no_time(void **state)
{
    char list[401], name[201];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(list + 2 * i, "*a", 3);
    memset(name, 'a', sizeof(name) - 1);
    name[200] = '\0';
    assert_true(glob_list_matches(list, name));
    name[199] = 'b';
    assert_false(glob_list_matches(list, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_matches_one_of_the_patterns),
        cmocka_unit_test(other_names_do_not_match),
        cmocka_unit_test(many_stars_take_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
