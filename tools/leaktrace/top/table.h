/* The sites of one kind of resource as rows in an order. */
#ifndef LEAKTRACE_TOP_TABLE_H
#define LEAKTRACE_TOP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sites_kind;
struct sites_site;

enum table_order { TABLE_BY_GROWTH, TABLE_BY_LIVE, TABLE_BY_TOTAL, TABLE_ORDER_MAX };

struct table_row {
    const struct sites_site *site;
    uint64_t key;   /* the same for the same stack in every table of the process */
    int64_t live;   /* in the unit that the kind is compared by */
    int64_t growth; /* a minute, in that unit */
    int64_t total;  /* acquired since the start, a count */
};

struct table {
    const struct sites_kind *kind;
    struct table_row *rows; /* malloc'ed; only sites where something is live, or has been in the window */
    size_t n_rows;
    int64_t live; /* of all */
    int64_t growth;
};

/* `window_ns` is the time between the two dumps; 0: there is only one. */
void table_build(const struct sites_kind *kind, int64_t window_ns, enum table_order order, struct table *ret_table);
void table_release(struct table *table);

#endif
