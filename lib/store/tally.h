/*
 * What single threads have acquired and not yet added to the sites: plain words that only their thread writes.
 *
 * A thread hands its tallies to the site when it needs the room. Readers add up what stands in the sites and then what stands
 * in the tallies; what is handed over in between is missed by that reader, never counted twice. At a quiet point the sums are
 * exact. Nobody waits for anybody.
 */
#ifndef LEAKTRACE_STORE_TALLY_H
#define LEAKTRACE_STORE_TALLY_H

#include "store/site_table.h"

#include <stddef.h>
#include <stdint.h>

struct tally {
    struct site *site; /* NULL: none */
    uint64_t count;
    uint64_t bytes;
};

/* A thread's tallies, one every `stride` bytes. */
struct tally_block {
    struct tally *first;
    size_t stride;
    unsigned count;
    struct tally_block *next;
};

/* Makes a block known to the readers, for the life of the process. */
void tally_publish(struct tally_block *block);
/* Calls `visit` with what each published tally holds. */
void tally_visit(void (*visit)(const struct tally *tally, void *context), void *context);

/* Counts one acquired resource of `bytes` bytes. By the owner, as all below. */
static inline void tally_count(struct tally *tally, uint64_t bytes)
{
    __atomic_store_n(&tally->count, tally->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&tally->bytes, tally->bytes + bytes, __ATOMIC_RELAXED);
}

/* Hands over what stands here, and goes on for another site (may be NULL). */
void tally_assign(struct tally *tally, struct site *site);

#endif
