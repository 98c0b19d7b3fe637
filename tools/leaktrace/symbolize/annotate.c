/* Lines go into profiles. Owns nothing; called by symbolize.c. */
#include "symbolize/annotate.h"

#include "common.h"
#include "profile/profile.h"
#include "symbolize/frames.h"
#include "symbolize/gather.h"
#include "symbolize/names.h"

#include <stdlib.h>
#include <string.h>

/* One profile, and its rows for the functions that were found, by number; NULL for those that it does not need. */
struct target {
    struct profile *profile;
    struct profile_function **functions;
    uint64_t last_id;
};

static uint64_t largest_id(const struct profile *profile)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < profile->n_functions; i++)
        if (profile->functions[i].id > largest)
            largest = profile->functions[i].id;
    return largest;
}

/* Makes room behind the functions that the profile has; what points to them is moved along. */
static void grow_functions(struct profile *profile, size_t n_new)
{
    const struct profile_function *old = profile->functions;

    profile->functions = must_take(&profile->arena, (profile->n_functions + n_new) * sizeof(*profile->functions));
    if (profile->n_functions > 0)
        memcpy(profile->functions, old, profile->n_functions * sizeof(*old));
    for (size_t i = 0; i < profile->n_locations; i++)
        for (size_t j = 0; j < profile->locations[i].n_lines; j++) {
            struct profile_line *line = &profile->locations[i].lines[j];

            line->function = &profile->functions[line->function - old];
        }
}

static const struct profile_function *function_in(struct target *target, const struct names_function *function)
{
    struct profile *profile = target->profile;
    struct profile_function **place = &target->functions[function->number];

    if (*place != NULL)
        return *place;
    *place = &profile->functions[profile->n_functions++];
    **place = (struct profile_function){.id = ++target->last_id,
                                        .name = must_copy(&profile->arena, function->name),
                                        .system_name = must_copy(&profile->arena, function->linkage),
                                        .file = must_copy(&profile->arena, function->file)};
    return *place;
}

static void annotate_location(struct target *target, const struct gather_location *gathered)
{
    const struct address *address = gathered->address;
    struct profile_location *location = gathered->location;

    location->lines = must_take(&target->profile->arena, address->n_frames * sizeof(*location->lines));
    location->n_lines = address->n_frames;
    for (size_t i = 0; i < address->n_frames; i++)
        location->lines[i] = (struct profile_line){function_in(target, address->frames[i].function), address->frames[i].line};
}

static bool has_frames(const struct gather_location *location)
{
    return location->address != NULL && location->address->n_frames > 0;
}

/* How many different functions these locations have. */
static size_t count_functions(const struct gather_location *locations, size_t n, size_t n_functions)
{
    bool *seen = must_grow(NULL, n_functions, sizeof(*seen));
    size_t count = 0;

    memset(seen, 0, n_functions * sizeof(*seen));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; has_frames(&locations[i]) && j < locations[i].address->n_frames; j++) {
            bool *is_seen = &seen[locations[i].address->frames[j].function->number];

            count += !*is_seen;
            *is_seen = true;
        }
    free(seen);
    return count;
}

static void annotate_profile(const struct gather_location *locations, size_t n, size_t n_functions)
{
    struct target target = {.profile = locations[0].profile, .last_id = largest_id(locations[0].profile)};

    target.functions = must_grow(NULL, n_functions, sizeof(struct profile_function *));
    memset(target.functions, 0, n_functions * sizeof(struct profile_function *));
    grow_functions(target.profile, count_functions(locations, n, n_functions));
    for (size_t i = 0; i < n; i++)
        if (has_frames(&locations[i]))
            annotate_location(&target, &locations[i]);
    free(target.functions);
}

static int compare_profiles(const void *a, const void *b)
{
    const struct gather_location *left = a, *right = b;

    return (left->profile > right->profile) - (left->profile < right->profile);
}

void annotate_profiles(struct gather *gathered, size_t n_functions)
{
    struct gather_location *locations = gathered->locations;
    size_t end;

    if (gathered->n > 0)
        qsort(locations, gathered->n, sizeof(*locations), compare_profiles);
    for (size_t start = 0; start < gathered->n; start = end) {
        for (end = start + 1; end < gathered->n && locations[end].profile == locations[start].profile; end++)
            ;
        annotate_profile(&locations[start], end - start, n_functions);
    }
}
