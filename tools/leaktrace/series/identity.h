/*
 * Places in code that stay the same from dump to dump, and from process to process.
 *
 * Within one build a place is a module's build id and an offset, which does not depend on where the module was loaded.
 * A rebuild moves offsets: a place of a build that not every dump has is known by its functions and source files
 * instead, without the suffixes that compilers add to clones. A place without a name is known by module and offset; after
 * a rebuild it is another place.
 */
#ifndef LEAKTRACE_SERIES_IDENTITY_H
#define LEAKTRACE_SERIES_IDENTITY_H

#include <stddef.h>

struct arena;
struct places_frame;
struct places_place;
struct profile_location;
struct symbolize_options;

struct identity_place {
    const struct places_frame *frames; /* the innermost first */
    size_t n_frames;
    const struct identity_place *same_as; /* itself, until identity_settle() says otherwise */
};

struct identity_table;

/* A table that lives in `arena`, which stays where it is, with its places; nothing points into profiles. */
struct identity_table *identity_new(struct arena *arena);
/* The place of a location, whose names are `named`, in the dump with that number; dumps come one after the other. */
const struct identity_place *identity_intern(struct identity_table *table, const struct profile_location *location,
                                             const struct places_place *named, size_t dump);
/* After the last of `n_dumps` dumps: finds out which places are the same; of several the newest stands for all. */
void identity_settle(struct identity_table *table, size_t n_dumps);
/* Finds the source lines and inlined callers of places, each given once. What a place is known by does not change. */
void identity_symbolize(struct identity_table *table, const struct identity_place *const *places, size_t n,
                        const struct symbolize_options *options);

#endif
