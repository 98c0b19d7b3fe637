/*
 * Lists of address ranges, for the time of one scan. In one thread. Their memory is leaktrace's own (base/memory).
 *
 * What there was no memory for is remembered in `failed`; the scan then says nothing rather than something wrong.
 */
#ifndef LEAKTRACE_REACH_RANGES_H
#define LEAKTRACE_REACH_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uintptr_t start;
    uintptr_t end;
};

static inline bool range_has(struct range range, uintptr_t addr)
{
    return addr - range.start < range.end - range.start;
}

struct ranges {
    struct range *items;
    size_t count;
    size_t room;
    bool failed;
};

void ranges_add(struct ranges *ranges, uintptr_t start, uintptr_t end);
/* Puts them in the order of their starts. */
void ranges_sort(struct ranges *ranges);
/* Makes one of those that overlap or touch. Of a sorted list. */
void ranges_merge(struct ranges *ranges);
/* The last one that starts at or before the address; NULL when there is none. Of a sorted list. */
const struct range *ranges_find(const struct ranges *ranges, uintptr_t addr);
/* Calls `visit` for each part of start to end that is in no range, in order. Of a merged list. */
void ranges_visit_rest(const struct ranges *ranges, struct range of, void (*visit)(struct range part, void *context),
                       void *context);
void ranges_release(struct ranges *ranges);

#endif
