/* Lists of ranges. Owns nothing; called by the other files of reach/. */
#include "reach/ranges.h"

#include "base/memory.h"

#include <string.h>

#define ROOM_AT_FIRST 256u

static bool grow(struct ranges *ranges)
{
    size_t room = ranges->room == 0 ? ROOM_AT_FIRST : ranges->room * 2;
    struct range *items = memory_map(room * sizeof(*items));

    if (items == NULL)
        return false;
    if (ranges->items != NULL) {
        memcpy(items, ranges->items, ranges->count * sizeof(*items));
        memory_unmap(ranges->items, ranges->room * sizeof(*items));
    }
    ranges->items = items;
    ranges->room = room;
    return true;
}

void ranges_add(struct ranges *ranges, uintptr_t start, uintptr_t end)
{
    if (start >= end)
        return;
    if (ranges->count == ranges->room && !grow(ranges)) {
        ranges->failed = true;
        return;
    }
    ranges->items[ranges->count++] = (struct range){start, end};
}

/* Of a heap in items[0..count), whose part below `i` is in order: lets the item sink to its place. */
static void sink(struct range *items, size_t i, size_t count)
{
    struct range item = items[i];
    size_t child;

    for (; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && items[child + 1].start > items[child].start)
            child++;
        if (items[child].start <= item.start)
            break;
        items[i] = items[child];
    }
    items[i] = item;
}

static bool is_sorted(const struct ranges *ranges)
{
    for (size_t i = 1; i < ranges->count; i++)
        if (ranges->items[i].start < ranges->items[i - 1].start)
            return false;
    return true;
}

void ranges_sort(struct ranges *ranges)
{
    struct range *items = ranges->items;

    if (is_sorted(ranges))
        return;
    for (size_t i = ranges->count / 2; i-- > 0;)
        sink(items, i, ranges->count);
    for (size_t end = ranges->count - 1; end > 0; end--) {
        struct range last = items[end];

        items[end] = items[0];
        items[0] = last;
        sink(items, 0, end);
    }
}

void ranges_merge(struct ranges *ranges)
{
    size_t kept = 0;

    for (size_t i = 0; i < ranges->count; i++) {
        struct range item = ranges->items[i];

        if (kept > 0 && item.start <= ranges->items[kept - 1].end) {
            if (item.end > ranges->items[kept - 1].end)
                ranges->items[kept - 1].end = item.end;
        } else {
            ranges->items[kept++] = item;
        }
    }
    ranges->count = kept;
}

const struct range *ranges_find(const struct ranges *ranges, uintptr_t addr)
{
    size_t low = 0, high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges->items[middle].start <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &ranges->items[low - 1];
}

void ranges_visit_rest(const struct ranges *ranges, struct range of, void (*visit)(struct range part, void *context),
                       void *context)
{
    const struct range *end = ranges->items + ranges->count;
    const struct range *item = ranges_find(ranges, of.start);

    if (item == NULL)
        item = ranges->items;
    for (; item < end && item->start < of.end; item++) {
        if (item->start > of.start)
            visit((struct range){of.start, item->start}, context);
        if (item->end > of.start)
            of.start = item->end;
        if (of.start >= of.end)
            return;
    }
    if (of.start < of.end)
        visit(of, context);
}

void ranges_release(struct ranges *ranges)
{
    if (ranges->items != NULL)
        memory_unmap(ranges->items, ranges->room * sizeof(*ranges->items));
    *ranges = (struct ranges){0};
}
