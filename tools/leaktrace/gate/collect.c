/* From dumps to leaks. Owns nothing; called by the gate. */
#include "gate/collect.h"

#include "common.h"
#include "gate/growth.h"
#include "profile/profile.h"
#include "profile/source.h"
#include "view/comments.h"

#include <string.h>

#define SAME_START_NS 100000000 /* two clocks tell when a process began */

static bool load(struct collected *collected, const struct source_file *file, struct profile *ret_profile)
{
    bool good = sample_load(file->path, ret_profile);

    collected->n_unreadable += !good;
    return good;
}

/* Loads a profile of the set and takes its leaks; of a forked child those that it has not inherited. */
static void collect_kind(struct collected *collected, const struct source_set *set, enum leak_kind kind,
                         const struct gate_process *process, const struct sample_rules *rules)
{
    static const char *const own[LEAK_KIND_MAX] = {"heap_leak", "fd", "thread", "mmap"};
    static const char *const born[LEAK_KIND_MAX] = {"heap_leak", "fd_growth", "thread_growth", "mmap_growth"};
    const struct source_file *file = source_find_kind(set, process->inherits ? born[kind] : own[kind]);
    struct profile profile;

    if (file == NULL || !load(collected, file, &profile))
        return;
    sample_take(&collected->leaks, kind, &profile, process, rules, 0);
    profile_release(&profile);
}

static void note_heap(struct collected *collected, const struct source_set *set, const struct gate_process *process,
                      bool is_main)
{
    if (source_find_kind(set, "heap_leak") != NULL) {
        collected->main_is_scanned |= is_main;
        return;
    }
    if (collected->n_unscanned++ == 0)
        collected->unscanned = process->exe;
}

/* The last dump of a process; NULL when it is no last one, or cannot be read. One that was made before another program took its
   place says nothing: what was not closed by then is gone. */
static struct gate_process *collect_set(struct collected *collected, const struct source_set *set, int main_pid,
                                        const struct sample_rules *rules)
{
    const char *reason;
    struct gate_process *process;
    struct profile any;

    if (!load(collected, &set->files[0], &any))
        return NULL;
    reason = comments_text(&any, "reason");
    if (reason != NULL && strcmp(reason, "exec") == 0) {
        profile_release(&any);
        return NULL;
    }
    process = process_add(&collected->processes, set->exe, set->pid, &any);
    collected->dropped += comments_number(&any, "dropped_events");
    profile_release(&any);
    collected->main_is_judged |= set->pid == main_pid;
    if (rules->heap) {
        collect_kind(collected, set, LEAK_HEAP, process, rules);
        note_heap(collected, set, process, set->pid == main_pid);
    }
    if (rules->fds)
        collect_kind(collected, set, LEAK_FD, process, rules);
    if (rules->threads)
        collect_kind(collected, set, LEAK_THREAD, process, rules);
    return process;
}

/* When the process began, as its dump tells; 0 when it cannot be read. */
static int64_t start_of(const struct source_set *set)
{
    struct profile profile;
    int64_t start;

    if (!sample_load(set->files[0].path, &profile))
        return 0;
    start = profile.time_ns - profile.duration_ns;
    profile_release(&profile);
    return start;
}

/* Whether `next` goes on where `set` was: numbers of processes come again. */
static bool is_same_process(const struct source_set *set, const struct source_set *next)
{
    int64_t apart;

    if (set->pid != next->pid || strcmp(set->exe, next->exe) != 0)
        return false;
    apart = start_of(next) - start_of(set);
    return apart < SAME_START_NS && apart > -SAME_START_NS;
}

/* The sets of one process, old to new, from `start` on: where they end. */
static size_t end_of_process(const struct source *source, size_t start)
{
    size_t end = start + 1;

    while (end < source->n_sets && is_same_process(&source->sets[end - 1], &source->sets[end]))
        end++;
    return end;
}

int collect_folder(struct collected *collected, const struct collect_scope *scope, const struct sample_rules *rules,
                   struct text *ret_why)
{
    const struct source_filter every = {.every = true, .pid = scope->only_pid, .since = scope->since};
    struct source source = {0};
    struct growth growth = {0};
    int ret = source_add_folder(&source, scope->folder, &every, ret_why);
    const struct source_set *newest = ret == 0 && source.n_sets > 0 ? source_newest(&source) : NULL;
    size_t end;

    for (size_t start = 0; ret == 0 && start < source.n_sets; start = end) {
        struct gate_process *process;

        end = end_of_process(&source, start);
        /* Others have had the number before. */
        if (scope->only_pid != 0 && (newest < &source.sets[start] || newest >= &source.sets[end]))
            continue;
        process = collect_set(collected, &source.sets[end - 1], scope->main_pid, rules);
        if (scope->growth && process != NULL)
            growth_add(&growth, &source.sets[start], end - start, process);
    }
    process_name_tests(&collected->processes);
    collected->n_rounds = growth_take(&growth, &collected->leaks, rules);
    leaks_finish(&collected->leaks, scope->symbols);
    if (scope->growth)
        growth_keep_steady(&collected->leaks);
    source_release(&source);
    return ret;
}

void collect_release(struct collected *collected)
{
    leaks_release(&collected->leaks);
    process_release(&collected->processes);
}
