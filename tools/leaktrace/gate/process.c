/* Processes and their tests. Owns nothing; called by gate/collect. */
#include "gate/process.h"

#include "common.h"
#include "gate/ctest.h"
#include "profile/profile.h"
#include "view/comments.h"
#include "view/places.h"

#include <stdlib.h>
#include <string.h>

#define ANCESTORS_MAX 64

static const char *comment(struct gate_processes *processes, const struct profile *profile, const char *key)
{
    const char *value = comments_text(profile, key);

    return value == NULL ? "" : must_copy(&processes->arena, value);
}

/* "test_a.py::test_b (call)" without the phase. */
static const char *test_of_pytest(char *name)
{
    char *phase = strrchr(name, ' ');

    if (phase != NULL && phase[1] == '(')
        *phase = '\0';
    return name;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bats makes functions of descriptions: "test_a_-2d_b" was "a - b". In plain ones it escapes twice: "_" becomes "-5f", and that
   "-2d5f". */
static const char *test_of_bats(char *name)
{
    const char *at = begins_with(name, "test_") ? name + strlen("test_") : name;
    char *end = name;

    for (; *at != '\0'; at++) {
        if (begins_with(at, "-2d5f")) {
            *end++ = '_';
            at += strlen("-2d5f") - 1;
        } else if (*at == '-' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
            *end++ = (char)(hex_digit(at[1]) << 4 | hex_digit(at[2]));
            at += 2;
        } else {
            *end++ = *at == '_' ? ' ' : *at;
        }
    }
    *end = '\0';
    return name;
}

/* From the comment "test FRAMEWORK NAME". */
static const char *read_test(struct arena *arena, const char *value)
{
    const char *name = value == NULL ? NULL : strchr(value, ' ');

    if (name == NULL)
        return "";
    if (begins_with(value, "pytest "))
        return test_of_pytest(must_copy(arena, name + 1));
    if (begins_with(value, "bats-name "))
        return test_of_bats(must_copy(arena, name + 1));
    return must_copy(arena, name + 1);
}

struct gate_process *process_add(struct gate_processes *processes, const char *exe, int pid, const struct profile *profile)
{
    struct gate_process *process = must_take(&processes->arena, sizeof(*process));

    process->pid = pid;
    process->parent = (int)comments_number(profile, "parent");
    process->exe = must_copy(&processes->arena, exe);
    process->command = comment(processes, profile, "command");
    process->folder = comment(processes, profile, "folder");
    process->test = read_test(&processes->arena, comments_text(profile, "test"));
    process->inherits = comments_text(profile, "inherited_bytes") != NULL;
    process->ended = true;
    if (processes->last != NULL)
        processes->last->next = process;
    else
        processes->first = process;
    processes->last = process;
    process->number = ++processes->n;
    return process;
}

static const struct gate_process *find_parent(const struct gate_process *const *by_pid, size_t n, int parent)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_pid[middle]->pid < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && by_pid[low]->pid == parent ? by_pid[low] : NULL;
}

static int compare_pids(const void *a, const void *b)
{
    return (*(const struct gate_process *const *)a)->pid - (*(const struct gate_process *const *)b)->pid;
}

/* The command line, with the program's name instead of its path. */
static const char *name_by_command(const struct gate_process *process)
{
    const char *end = strchrnul(process->command, ' ');

    for (const char *at = end; at > process->command; at--)
        if (at[-1] == '/')
            return at;
    return process->command;
}

static const char *name_in_ctest(struct arena *arena, const struct gate_process *ctest, const struct gate_process *process)
{
    const char *name = ctest_find(arena, ctest->folder, process->command);

    return name != NULL ? name : name_by_command(process);
}

static const char *find_test(struct arena *arena, const struct gate_process *process, const struct gate_process *const *by_pid,
                             size_t n)
{
    for (unsigned i = 0; process != NULL && i < ANCESTORS_MAX; i++) {
        const struct gate_process *parent = find_parent(by_pid, n, process->parent);

        if (process->test[0] != '\0')
            return process->test;
        if (parent != NULL && strcmp(parent->exe, "ctest") == 0)
            return name_in_ctest(arena, parent, process);
        process = parent;
    }
    return "";
}

void process_name_tests(struct gate_processes *processes)
{
    const struct gate_process **by_pid = must_grow(NULL, processes->n, sizeof(*by_pid));
    size_t n = 0;

    for (const struct gate_process *process = processes->first; process != NULL; process = process->next)
        by_pid[n++] = process;
    qsort(by_pid, n, sizeof(*by_pid), compare_pids);
    for (struct gate_process *process = processes->first; process != NULL; process = process->next)
        process->test = find_test(&processes->arena, process, by_pid, n);
    free(by_pid);
}

void process_release(struct gate_processes *processes)
{
    arena_release(&processes->arena);
}
