/* From dumps to leaks. Owns nothing; called by the gate. */
#include "gate/collect.h"

#include "base/text.h"
#include "common.h"
#include "profile/profile.h"
#include "profile/source.h"
#include "view/comments.h"

#include <stdlib.h>
#include <string.h>

#define NO_COLUMN SIZE_MAX
#define SAME_START_NS 100000000 /* two clocks tell when a process began */

static const char *label_of(const struct profile_sample *sample, const char *key)
{
    for (size_t i = 0; i < sample->n_labels; i++)
        if (strcmp(sample->labels[i].key, key) == 0)
            return sample->labels[i].value;
    return "";
}

static size_t find_column(const struct profile *profile, const char *type)
{
    for (size_t i = 0; i < profile->n_types; i++)
        if (strcmp(profile->types[i].type, type) == 0)
            return i;
    return NO_COLUMN;
}

static int64_t value_of(const struct profile_sample *sample, size_t column)
{
    return column == NO_COLUMN ? 0 : sample->values[column];
}

/* False for blocks that are no leaks by the rules. */
static bool class_of_block(const char *leak, enum collect_leaks leaks, enum leak_class *ret_class)
{
    static const enum collect_leaks from[] = {
        [LEAK_DEFINITE] = COLLECT_DEFINITE,
        [LEAK_INDIRECT] = COLLECT_DEFINITE,
        [LEAK_POSSIBLE] = COLLECT_POSSIBLE,
        [LEAK_REACHABLE] = COLLECT_ALL,
    };

    for (enum leak_class class = LEAK_DEFINITE; class <= LEAK_REACHABLE; class++) {
        if (strcmp(leak, leak_class_names[class]) != 0)
            continue;
        *ret_class = class;
        return leaks >= from[class];
    }
    return false;
}

/* What a sample of that kind is; false when it is nothing to be found. */
static bool judge(enum leak_kind kind, const struct profile_sample *sample, const struct collect_rules *rules,
                  struct leak *ret_like)
{
    *ret_like = (struct leak){.kind = kind, .detail = ""};
    switch (kind) {
    case LEAK_HEAP:
        return class_of_block(label_of(sample, "leak"), rules->leaks, &ret_like->class);
    case LEAK_FD:
        ret_like->class = LEAK_OPEN;
        ret_like->detail = label_of(sample, "type");
        return label_of(sample, "stream")[0] == '\0';
    case LEAK_THREAD:
        ret_like->class = strcmp(label_of(sample, "state"), "running") == 0 ? LEAK_RUNNING : LEAK_UNJOINED;
        return true;
    default:
        return false;
    }
}

/* The numbers that the pool has for a profile's locations, as far as they have been asked for. */
struct stacks {
    const struct profile *profile;
    uint32_t *numbers; /* one more; 0: not yet */
    uint32_t *stack;   /* of one sample */
};

static struct stacks make_stacks(const struct profile *profile)
{
    struct stacks stacks = {.profile = profile, .numbers = must_grow(NULL, profile->n_locations, sizeof(*stacks.numbers))};
    size_t deepest = 0;

    memset(stacks.numbers, 0, profile->n_locations * sizeof(*stacks.numbers));
    for (size_t i = 0; i < profile->n_samples; i++)
        deepest = profile->samples[i].depth > deepest ? profile->samples[i].depth : deepest;
    stacks.stack = must_grow(NULL, deepest, sizeof(*stacks.stack));
    return stacks;
}

static void release_stacks(struct stacks *stacks)
{
    free(stacks->numbers);
    free(stacks->stack);
}

static const uint32_t *fill_stack(struct stacks *stacks, struct pool *pool, const struct profile_sample *sample)
{
    for (size_t i = 0; i < sample->depth; i++) {
        uint32_t *number = &stacks->numbers[sample->stack[i] - stacks->profile->locations];

        if (*number == 0)
            *number = pool_intern(pool, sample->stack[i]) + 1;
        stacks->stack[i] = *number - 1;
    }
    return stacks->stack;
}

static void add_profile(struct collected *collected, enum leak_kind kind, const struct profile *profile,
                        const struct gate_process *process, const struct collect_rules *rules)
{
    static const char *const counts[LEAK_KIND_MAX] = {"inuse_objects", "inuse_fds", "inuse_threads", "inuse_objects"};
    static const char *const sizes[LEAK_KIND_MAX] = {"inuse_space", "", "inuse_stack", "inuse_space"};
    size_t count = find_column(profile, counts[kind]), bytes = find_column(profile, sizes[kind]);
    struct stacks stacks = make_stacks(profile);

    for (size_t i = 0; i < profile->n_samples; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        struct leak like;

        if (!judge(kind, sample, rules, &like))
            continue;
        like.amount = (struct leak_amount){value_of(sample, count), value_of(sample, bytes)};
        if (like.amount.count <= 0)
            continue;
        leaks_add(&collected->leaks, &like, fill_stack(&stacks, &collected->leaks.pool, sample), sample->depth, process,
                  0);
    }
    release_stacks(&stacks);
}

static const struct source_file *file_of(const struct source_set *set, const char *kind)
{
    for (size_t i = 0; i < set->n_files; i++)
        if (strcmp(set->files[i].kind, kind) == 0)
            return &set->files[i];
    return NULL;
}

static bool load(struct collected *collected, const struct source_file *file, struct profile *ret_profile)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);

    if (profile_load(file->path, ret_profile, &why) == 0)
        return true;
    complain("%s: %s", file->path, why_buf);
    collected->n_unreadable++;
    return false;
}

/* Loads a profile of the set and takes its leaks; of a forked child those that it has not inherited. */
static void collect_kind(struct collected *collected, const struct source_set *set, enum leak_kind kind,
                         const struct gate_process *process, const struct collect_rules *rules)
{
    static const char *const own[LEAK_KIND_MAX] = {"heap_leak", "fd", "thread", "mmap"};
    static const char *const born[LEAK_KIND_MAX] = {"heap_leak", "fd_growth", "thread_growth", "mmap_growth"};
    const struct source_file *file = file_of(set, process->is_forked ? born[kind] : own[kind]);
    struct profile profile;

    if (file == NULL || !load(collected, file, &profile))
        return;
    add_profile(collected, kind, &profile, process, rules);
    profile_release(&profile);
}

static void note_heap(struct collected *collected, const struct source_set *set, const struct gate_process *process,
                      bool is_main)
{
    if (file_of(set, "heap_leak") != NULL) {
        collected->main_is_scanned |= is_main;
        return;
    }
    if (collected->n_unscanned++ == 0)
        collected->unscanned = process->exe;
}

/* The last dump of a process. One that was made before another program took its place says nothing: what was not closed
   by then is gone. */
static void collect_set(struct collected *collected, const struct source_set *set, int main_pid,
                        const struct collect_rules *rules)
{
    const char *reason;
    struct gate_process *process;
    struct profile any;

    if (!load(collected, &set->files[0], &any))
        return;
    reason = comments_text(&any, "reason");
    if (reason != NULL && strcmp(reason, "exec") == 0) {
        profile_release(&any);
        return;
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
}

/* When the process began, as its dump tells; 0 when it cannot be read. */
static int64_t start_of(const struct source_set *set)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct profile profile;
    int64_t start;

    if (profile_load(set->files[0].path, &profile, &why) != 0)
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

int collect_folder(struct collected *collected, const struct collect_scope *scope, const struct collect_rules *rules,
                   struct text *ret_why)
{
    const struct source_filter every = {.every = true, .pid = scope->only_pid, .since = scope->since};
    struct source source = {0};
    int ret = source_add_folder(&source, scope->folder, &every, ret_why);

    for (size_t i = 0; ret == 0 && i < source.n_sets; i++)
        if (i + 1 == source.n_sets || !is_same_process(&source.sets[i], &source.sets[i + 1]))
            collect_set(collected, &source.sets[i], scope->main_pid, rules);
    process_name_tests(&collected->processes);
    leaks_finish(&collected->leaks, scope->symbols);
    source_release(&source);
    return ret;
}

void collect_release(struct collected *collected)
{
    leaks_release(&collected->leaks);
    process_release(&collected->processes);
}
