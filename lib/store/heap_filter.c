/* The filter of recorded blocks. Owns its counts; called by record/. */
#include "store/heap_filter.h"

uint8_t heap_filter_counts[1u << HEAP_FILTER_BITS];

static void change(uint8_t *count, int by)
{
    uint8_t old = __atomic_load_n(count, __ATOMIC_RELAXED);

    while (old != UINT8_MAX &&
           !__atomic_compare_exchange_n(count, &old, (uint8_t)(old + by), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void heap_filter_add(uintptr_t addr)
{
    change(heap_filter_count(addr), 1);
}

void heap_filter_remove(uintptr_t addr)
{
    change(heap_filter_count(addr), -1);
}
