/* Growth from round to round. Owns nothing; called by gate/collect. */
#include "gate/growth.h"

#include "common.h"
#include "gate/process.h"
#include "profile/profile.h"
#include "profile/source.h"
#include "view/comments.h"

#include <stdlib.h>
#include <string.h>

#define SAME_MARK_NS 100000000 /* two clocks tell when it was set */

struct growth_process {
    const struct gate_process *process;
    const struct source_set **rounds;
    size_t n;
};

static const char *const growth_kinds[LEAK_KIND_MAX] = {"heap_growth", "fd_growth", "thread_growth", "mmap_growth"};

/* A dump at the end is none of a round: much is given back before. */
static bool is_end(const char *reason)
{
    static const char *const ends[] = {"exit", "_exit", "_Exit", "quick_exit", "SYS_exit", "exec", "daemon", "seccomp"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (strcmp(reason, ends[i]) == 0)
            return true;
    return begins_with(reason, "SIG");
}

/* Whether the set is a round, and when its mark was set. */
static bool read_mark(const struct source_set *set, int64_t *ret_mark_ns)
{
    const struct source_file *file = NULL;
    const char *reason;
    struct profile profile;
    bool is_round;

    for (size_t i = 0; file == NULL && i < LEAK_KIND_MAX; i++)
        file = source_find_kind(set, growth_kinds[i]);
    if (file == NULL || !sample_load(file->path, &profile))
        return false;
    reason = comments_text(&profile, "reason");
    is_round = reason == NULL || !is_end(reason);
    *ret_mark_ns = profile.time_ns - profile.duration_ns;
    profile_release(&profile);
    return is_round;
}

void growth_add(struct growth *growth, const struct source_set *sets, size_t n, const struct gate_process *process)
{
    struct growth_process row = {.process = process, .rounds = must_grow(NULL, n, sizeof(*row.rounds))};
    int64_t last_mark = 0, mark;

    for (size_t i = 0; i < n; i++) {
        if (!read_mark(&sets[i], &mark))
            continue;
        /* A mark that was set anew: what was before it does not count. */
        if (mark - last_mark > SAME_MARK_NS)
            row.n = 0;
        last_mark = mark;
        row.rounds[row.n++] = &sets[i];
    }
    growth->processes = must_grow(growth->processes, growth->n + 1, sizeof(row));
    growth->processes[growth->n++] = row;
}

static void take_round(struct leaks *leaks, const struct source_set *set, const struct gate_process *process,
                       const struct sample_rules *rules, size_t round)
{
    const bool wanted[LEAK_KIND_MAX] = {rules->heap, rules->fds, rules->threads, false};
    struct sample_rules all = *rules;

    all.growth = true;
    for (enum leak_kind kind = 0; kind < LEAK_KIND_MAX; kind++) {
        const struct source_file *file = wanted[kind] ? source_find_kind(set, growth_kinds[kind]) : NULL;
        struct profile profile;

        if (file == NULL || !sample_load(file->path, &profile))
            continue;
        sample_take(leaks, kind, &profile, process, &all, round);
        profile_release(&profile);
    }
}

size_t growth_take(struct growth *growth, struct leaks *leaks, const struct sample_rules *rules)
{
    size_t n_rounds = 0;

    for (size_t i = 0; i < growth->n; i++)
        n_rounds = growth->processes[i].n > n_rounds ? growth->processes[i].n : n_rounds;
    leaks->n_rounds = n_rounds;
    for (size_t i = 0; i < growth->n; i++) {
        struct growth_process *row = &growth->processes[i];

        for (size_t j = 0; j < row->n; j++)
            take_round(leaks, row->rounds[j], row->process, rules, n_rounds - row->n + j);
        free(row->rounds);
    }
    free(growth->processes);
    return n_rounds;
}

bool growth_is_steady(const int64_t *values, size_t n)
{
    size_t middle = (n - 1) / 2, up = 0, steps = n - 1 - middle;
    int64_t before, behind;

    if (n < GROWTH_ROUNDS_MIN)
        return false;
    for (size_t i = middle + 1; i < n; i++) {
        if (values[i] < values[i - 1])
            return false;
        up += values[i] > values[i - 1];
    }
    before = values[middle] - values[0];
    behind = values[n - 1] - values[middle];
    return 2 * up + 1 >= steps && behind > 0 && 2 * (double)behind * (double)middle >= (double)before * (double)steps;
}

static bool is_steady(const struct leak *leak, size_t n)
{
    int64_t *values = must_grow(NULL, n, sizeof(*values));
    bool steady;

    for (size_t i = 0; i < n; i++)
        values[i] = leak->rounds[i].count;
    steady = growth_is_steady(values, n);
    for (size_t i = 0; i < n; i++)
        values[i] = leak->rounds[i].bytes;
    steady = steady || growth_is_steady(values, n);
    free(values);
    return steady;
}

void growth_keep_steady(struct leaks *leaks)
{
    size_t n = 0;

    for (size_t i = 0; i < leaks->n; i++)
        if (leaks->sorted[i]->class != LEAK_GROWTH || is_steady(leaks->sorted[i], leaks->n_rounds))
            leaks->sorted[n++] = leaks->sorted[i];
    leaks->n = n;
}
