/* From ids to places. Owns nothing; called by profile.c. */
#include "profile/ids.h"

#include <stdlib.h>

static int compare_entries(const void *a, const void *b)
{
    const struct ids_entry *left = a, *right = b;

    return (left->id > right->id) - (left->id < right->id);
}

bool ids_order(struct ids *ids, uint64_t *ret_bad)
{
    if (ids->n == 0)
        return true;
    qsort(ids->entries, ids->n, sizeof(*ids->entries), compare_entries);
    for (size_t i = 0; i < ids->n; i++) {
        uint64_t id = ids->entries[i].id;

        if (id == 0 || (i > 0 && id == ids->entries[i - 1].id)) {
            *ret_bad = id;
            return false;
        }
    }
    return true;
}

bool ids_find(const struct ids *ids, uint64_t id, size_t *ret_at)
{
    const struct ids_entry key = {.id = id};
    const struct ids_entry *entry = NULL;

    if (id - 1 < ids->n && ids->entries[id - 1].id == id)
        entry = &ids->entries[id - 1];
    else if (ids->n > 0)
        entry = bsearch(&key, ids->entries, ids->n, sizeof(*ids->entries), compare_entries);
    if (entry == NULL)
        return false;
    *ret_at = entry->at;
    return true;
}
