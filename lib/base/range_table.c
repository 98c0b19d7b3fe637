/* Sets of ranges. Owns nothing, takes no lock; called by base/memory and reach/user_roots. */
#include "base/range_table.h"

#include "base/sys.h"

#define ENTRY_TAKEN 1ul

static bool take_entry(struct range_page *page, uintptr_t start, size_t size)
{
    for (uint32_t i = __atomic_load_n(&page->maybe_free, __ATOMIC_RELAXED); i < RANGE_TABLE_ENTRIES; i++) {
        struct range_entry *entry = &page->entries[i];
        uintptr_t expected = 0;

        if (__atomic_load_n(&entry->start, __ATOMIC_RELAXED) != 0 ||
            !__atomic_compare_exchange_n(&entry->start, &expected, ENTRY_TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        __atomic_store_n(&page->maybe_free, i + 1, __ATOMIC_RELAXED);
        __atomic_store_n(&entry->size, size, __ATOMIC_RELAXED);
        __atomic_store_n(&entry->start, start, __ATOMIC_RELEASE);
        return true;
    }
    return false;
}

/* Who loses the race to hang a page in gives his own back. */
static struct range_page *next_page(struct range_page *page)
{
    struct range_page *next = __atomic_load_n(&page->next, __ATOMIC_ACQUIRE), *expected = NULL;

    if (next != NULL)
        return next;
    next = sys_map(sizeof(*next));
    if (next == NULL || __atomic_compare_exchange_n(&page->next, &expected, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return next;
    sys_unmap(next, sizeof(*next));
    return expected;
}

bool range_table_add(struct range_table *table, uintptr_t start, size_t size)
{
    struct range_page *page = &table->first;

    while (page != NULL && !take_entry(page, start, size))
        page = next_page(page);
    return page != NULL;
}

static bool remove_from(struct range_page *page, uintptr_t start)
{
    for (uint32_t i = 0; i < RANGE_TABLE_ENTRIES; i++) {
        uintptr_t expected = start;

        if (!__atomic_compare_exchange_n(&page->entries[i].start, &expected, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        if (__atomic_load_n(&page->maybe_free, __ATOMIC_RELAXED) > i)
            __atomic_store_n(&page->maybe_free, i, __ATOMIC_RELAXED);
        return true;
    }
    return false;
}

bool range_table_remove(struct range_table *table, uintptr_t start)
{
    struct range_page *page = &table->first;

    while (page != NULL && !remove_from(page, start))
        page = __atomic_load_n(&page->next, __ATOMIC_ACQUIRE);
    return page != NULL;
}

void range_table_visit(const struct range_table *table, void (*visit)(uintptr_t start, size_t size, void *context),
                       void *context)
{
    for (const struct range_page *page = &table->first; page != NULL; page = __atomic_load_n(&page->next, __ATOMIC_ACQUIRE)) {
        for (uint32_t i = 0; i < RANGE_TABLE_ENTRIES; i++) {
            uintptr_t start = __atomic_load_n(&page->entries[i].start, __ATOMIC_ACQUIRE);

            if (start > ENTRY_TAKEN)
                visit(start, __atomic_load_n(&page->entries[i].size, __ATOMIC_RELAXED), context);
        }
    }
}
