/* The test that the process belongs to, as frameworks tell their children. Owns nothing; called when a process begins. */
#include "life/life.h"

#include "dump/comments.h"

#include <stddef.h>

void test_note(pid_t parent)
{
    static const struct {
        const char *variable, *framework;
    } known[] = {
        {"PYTEST_CURRENT_TEST", "pytest"},
        {"BATS_TEST_DESCRIPTION", "bats"},
        {"BATS_TEST_NAME", "bats-name"},
    };

    comments_set_test(parent, NULL, NULL);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *name = life_variable(known[i].variable);

        if (name == NULL || *name == '\0')
            continue;
        comments_set_test(parent, known[i].framework, name);
        return;
    }
}
