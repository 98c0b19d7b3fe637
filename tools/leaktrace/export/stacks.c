/* Stacks as rows of numbers. Owns nothing; called by the formats. */
#include "export/stacks.h"

#include "common.h"
#include "profile/profile.h"
#include "view/places.h"

/* For base/table.h: the arena of the stacks in hand. */
#define TABLE_ARENA (&stacks->arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct stacks_frame {
    size_t number;
    UT_hash_handle hh;
    char key[];
};

void stacks_init(struct stacks *ret_stacks)
{
    *ret_stacks = (struct stacks){.n_frames = 0};
    ret_stacks->places = places_new(&ret_stacks->arena);
}

static size_t number_of(struct stacks *stacks, const struct places_frame *frame)
{
    char *key = must_format("%s\n%s\n%" PRId64 "\n%s", frame->function, frame->file, frame->line, frame->module);
    size_t len = strlen(key);
    struct stacks_frame *found;

    HASH_FIND(hh, stacks->by_key, key, len, found);
    if (found == NULL) {
        found = must_take(&stacks->arena, sizeof(*found) + len + 1);
        found->number = stacks->n_frames++;
        memcpy(found->key, key, len + 1);
        HASH_ADD(hh, stacks->by_key, key, len, found);
        if (!TABLE_ADDED(found))
            must_end();
        stacks->frames = must_grow(stacks->frames, stacks->n_frames, sizeof(struct places_frame *));
        stacks->frames[found->number] = frame;
    }
    free(key);
    return found->number;
}

void stacks_add(struct stacks *stacks, const struct profile *profile, struct stacks_profile *ret_added)
{
    *ret_added = (struct stacks_profile){.profile = profile};
    ret_added->numbers = must_take(&stacks->arena, profile->n_locations * sizeof(size_t *));
    for (size_t i = 0; i < profile->n_locations; i++) {
        const struct places_place *place = places_intern(stacks->places, &profile->locations[i]);

        ret_added->numbers[i] = must_take(&stacks->arena, (place->n_frames + 1) * sizeof(size_t));
        ret_added->numbers[i][0] = place->n_frames;
        for (size_t j = 0; j < place->n_frames; j++)
            ret_added->numbers[i][j + 1] = number_of(stacks, &place->frames[j]);
    }
}

size_t stacks_of(const struct stacks_profile *added, const struct profile_sample *sample, size_t **ret_numbers)
{
    size_t n = 0, at = 0;
    size_t *numbers;

    for (size_t i = 0; i < sample->depth; i++)
        n += added->numbers[sample->stack[i] - added->profile->locations][0];
    numbers = must_grow(NULL, n, sizeof(*numbers));
    for (size_t i = 0; i < sample->depth; i++) {
        const size_t *of = added->numbers[sample->stack[i] - added->profile->locations];

        memcpy(&numbers[at], &of[1], of[0] * sizeof(*of));
        at += of[0];
    }
    *ret_numbers = numbers;
    return n;
}

void stacks_release(struct stacks *stacks)
{
    free(stacks->frames);
    arena_release(&stacks->arena);
}
