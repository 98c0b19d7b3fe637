/* What an encoder is given: one profile of a snapshot, with all that the file says about it. */
#ifndef LEAKTRACE_ENCODE_PROFILE_H
#define LEAKTRACE_ENCODE_PROFILE_H

#include "snapshot/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

struct encode_profile {
    const struct profile_type *type;
    const struct snapshot_row *rows;
    int64_t time_ns;     /* of the snapshot */
    int64_t duration_ns; /* since the start, or since the mark */
    uint64_t period;     /* of what its period type says: mean bytes between recorded blocks, or 1 */
    const char *const *comments;
    size_t n_comments;
    bool has_functions; /* every location has its name */
};

/* Writes the profile as profile.proto, uncompressed. Scratch memory comes from `arena`. 0 or -errno. */
int encode_pprof(const struct encode_profile *profile, struct sink *sink, struct arena *arena);
/* Writes it as text like that of Go's debug=1: one line of values and addresses per stack, and its functions below. */
int encode_text(const struct encode_profile *profile, struct sink *sink);

#endif
