/* The tallies of threads. Owns the list of blocks, which only grows; called by record/ and snapshot/. No lock. */
#include "store/tally.h"

static struct tally_block *blocks;

void tally_publish(struct tally_block *block)
{
    block->next = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&blocks, &block->next, block, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
}

void tally_visit(void (*visit)(const struct tally *tally, void *context), void *context)
{
    for (const struct tally_block *block = __atomic_load_n(&blocks, __ATOMIC_ACQUIRE); block != NULL; block = block->next)
        for (unsigned i = 0; i < block->count; i++) {
            const struct tally *from = (const struct tally *)((const char *)block->first + i * block->stride);
            struct tally tally = {
                .site = __atomic_load_n(&from->site, __ATOMIC_ACQUIRE),
                .count = __atomic_load_n(&from->count, __ATOMIC_RELAXED),
                .bytes = __atomic_load_n(&from->bytes, __ATOMIC_RELAXED),
            };

            if (tally.site != NULL && tally.site == __atomic_load_n(&from->site, __ATOMIC_ACQUIRE))
                visit(&tally, context);
        }
}

/* Emptied before it is added, so that no reader sees it in both places. */
void tally_assign(struct tally *tally, struct site *site)
{
    uint64_t count = tally->count;
    uint64_t bytes = tally->bytes;

    __atomic_store_n(&tally->count, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&tally->bytes, 0, __ATOMIC_RELEASE);
    if (tally->site != NULL && count != 0)
        site_add(tally->site, count, bytes);
    __atomic_store_n(&tally->site, site, __ATOMIC_RELEASE);
}
