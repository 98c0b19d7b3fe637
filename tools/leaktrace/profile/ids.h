/*
 * From the ids of a table's rows to the rows' places. Ids are any numbers but 0, each used once; a reader that trusts
 * them to be 1, 2, 3, ... reads other tools' profiles wrongly.
 */
#ifndef LEAKTRACE_PROFILE_IDS_H
#define LEAKTRACE_PROFILE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids_entry {
    uint64_t id;
    size_t at;
};

struct ids {
    struct ids_entry *entries;
    size_t n;
};

/* Orders the entries; false, with the id in `ret_bad`, when one is 0 or there twice. */
bool ids_order(struct ids *ids, uint64_t *ret_bad);
bool ids_find(const struct ids *ids, uint64_t id, size_t *ret_at);

#endif
