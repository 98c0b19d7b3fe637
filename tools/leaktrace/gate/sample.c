/* Leaks out of profiles. Owns nothing; called by gate/collect and gate/growth. */
#include "gate/sample.h"

#include "base/text.h"
#include "common.h"
#include "gate/process.h"
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

#define NO_COLUMN SIZE_MAX

bool sample_load(const char *path, struct profile *ret_profile)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);

    if (profile_load(path, ret_profile, &why) == 0)
        return true;
    complain("%s: %s", path, why_buf);
    return false;
}

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
static bool class_of_block(const char *leak, enum sample_leaks leaks, enum leak_class *ret_class)
{
    static const enum sample_leaks from[] = {
        [LEAK_DEFINITE] = SAMPLE_DEFINITE,
        [LEAK_INDIRECT] = SAMPLE_DEFINITE,
        [LEAK_POSSIBLE] = SAMPLE_POSSIBLE,
        [LEAK_REACHABLE] = SAMPLE_ALL,
    };

    for (enum leak_class class = LEAK_DEFINITE; class <= LEAK_REACHABLE; class ++) {
        if (strcmp(leak, leak_class_names[class]) != 0)
            continue;
        *ret_class = class;
        return leaks >= from[class];
    }
    return false;
}

/* What a sample of that kind is; false when it is nothing to be found, or a forked child has it from its parent. */
static bool judge(enum leak_kind kind, const struct profile_sample *sample, const struct gate_process *process,
                  const struct sample_rules *rules, struct leak *ret_like)
{
    *ret_like = (struct leak){.kind = kind, .class = LEAK_GROWTH, .detail = kind == LEAK_FD ? label_of(sample, "type") : ""};
    if (rules->growth)
        return kind != LEAK_FD || label_of(sample, "stream")[0] == '\0';
    switch (kind) {
    case LEAK_HEAP:
        if (process->inherits && strcmp(label_of(sample, "born"), "before-mark") == 0)
            return false;
        return class_of_block(label_of(sample, "leak"), rules->leaks, &ret_like->class);
    case LEAK_FD:
        ret_like->class = LEAK_OPEN;
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

void sample_take(struct leaks *leaks, enum leak_kind kind, const struct profile *profile, const struct gate_process *process,
                 const struct sample_rules *rules, size_t round)
{
    static const char *const counts[LEAK_KIND_MAX] = {"inuse_objects", "inuse_fds", "inuse_threads", "inuse_objects"};
    static const char *const sizes[LEAK_KIND_MAX] = {"inuse_space", "", "inuse_stack", "inuse_space"};
    size_t count = find_column(profile, counts[kind]), bytes = find_column(profile, sizes[kind]);
    struct stacks stacks = make_stacks(profile);

    for (size_t i = 0; i < profile->n_samples; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        struct leak like;

        if (!judge(kind, sample, process, rules, &like))
            continue;
        like.amount = (struct leak_amount){value_of(sample, count), value_of(sample, bytes)};
        if (like.amount.count <= 0)
            continue;
        leaks_add(leaks, &like, fill_stack(&stacks, &leaks->pool, sample), sample->depth, process, round);
    }
    release_stacks(&stacks);
}
