/* The stacks of several profiles as rows of frames, each frame (function, file and line) once, numbered from 0. */
#ifndef LEAKTRACE_EXPORT_STACKS_H
#define LEAKTRACE_EXPORT_STACKS_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct places_frame;
struct places_table;
struct profile;
struct profile_sample;
struct stacks_frame;

struct stacks {
    struct arena arena;
    struct places_table *places;
    struct stacks_frame *by_key;
    const struct places_frame **frames; /* by number */
    size_t n_frames;
};

/* The frames of one profile's locations. */
struct stacks_profile {
    const struct profile *profile;
    size_t **numbers; /* by location: how many frames it has, and their numbers, leaf first */
};

void stacks_init(struct stacks *ret_stacks);
void stacks_add(struct stacks *stacks, const struct profile *profile, struct stacks_profile *ret_added);
/* The frames of a sample, leaf first: how many, and their numbers, malloc'ed. */
size_t stacks_of(const struct stacks_profile *added, const struct profile_sample *sample, size_t **ret_numbers);
void stacks_release(struct stacks *stacks);

#endif
