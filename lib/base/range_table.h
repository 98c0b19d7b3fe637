/*
 * A set of address ranges that grows, for a few writers at a time and readers at any time.
 *
 * An entry is added and removed by one store each, without a lock; so it can be used in every hook, in signal handlers, and in
 * the child of fork. Its pages are the kernel's and are never given back.
 */
#ifndef LEAKTRACE_BASE_RANGE_TABLE_H
#define LEAKTRACE_BASE_RANGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGE_TABLE_ENTRIES 255u

struct range_entry {
    uintptr_t start; /* 0: free */
    size_t size;
};

struct range_page {
    struct range_entry entries[RANGE_TABLE_ENTRIES];
    struct range_page *next;
    uint32_t maybe_free; /* entries before this one are taken */
};

struct range_table {
    struct range_page first; /* all zero at the start */
};

/* False when there is no memory. */
bool range_table_add(struct range_table *table, uintptr_t start, size_t size);
/* Removes one range that starts here; false when there is none. */
bool range_table_remove(struct range_table *table, uintptr_t start);
/* Calls `visit` for each range. What comes and goes meanwhile may be missed. */
void range_table_visit(const struct range_table *table, void (*visit)(uintptr_t start, size_t size, void *context),
                       void *context);

#endif
