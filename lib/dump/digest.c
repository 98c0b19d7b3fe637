/* The digest of a snapshot. Owns nothing; called by dump/dump. */
#include "dump/digest.h"

#include "snapshot/snapshot.h"
#include "store/site_table.h"

static uint64_t mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * 0x9e3779b97f4a7c15u;
    return digest ^ digest >> 32;
}

static uint64_t mix_text(uint64_t digest, const char *text)
{
    for (; *text != '\0'; text++)
        digest = mix(digest, (unsigned char)*text);
    return mix(digest, 0x100);
}

static uint64_t mix_label(uint64_t digest, const struct snapshot_label *label)
{
    digest = mix_text(digest, label->key);
    return label->value == NULL ? mix(digest, label->code) : mix_text(digest, label->value);
}

static uint64_t mix_row(uint64_t digest, const struct snapshot_row *row)
{
    digest = mix(digest, row->site->id);
    for (unsigned i = 0; i < SNAPSHOT_VALUES_MAX; i++)
        digest = mix(digest, (uint64_t)row->values[i]);
    for (unsigned i = 0; i < row->n_labels; i++)
        digest = mix_label(digest, &row->labels[i]);
    return digest;
}

uint64_t digest_of(const struct snapshot *snapshot)
{
    uint64_t digest = 1;

    for (enum kind kind = 0; kind < KIND_MAX; kind++)
        for (const struct snapshot_row *row = snapshot->rows[kind].first; row != NULL; row = row->next)
            digest = mix_row(digest, row);
    digest = mix(digest, (uint64_t)snapshot->unattributed_fds);
    digest = mix(digest, (uint64_t)snapshot->unattributed_threads);
    for (enum counter counter = 0; counter < COUNTER_MAX; counter++)
        digest = mix(digest, counters_get(counter));
    return digest == 0 ? 1 : digest;
}
