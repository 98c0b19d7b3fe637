/* The table of units. Owns nothing; called by symbolize.c. */
#include "symbolize/units.h"

#include "common.h"

#include <dwarf.h>
#include <stdlib.h>

static void add_ranges(struct units *units, size_t unit)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;

    while ((at = dwarf_ranges(&units->units[unit].die, at, &base, &low, &high)) > 0) {
        if (low >= high || units_is_discarded(low))
            continue;
        if ((units->n_ranges & (units->n_ranges - 1)) == 0)
            units->ranges = must_grow(units->ranges, 2 * units->n_ranges + 1, sizeof(*units->ranges));
        units->ranges[units->n_ranges++] = (struct units_range){.low = low, .high = high, .unit = unit};
    }
}

static int compare_ranges(const void *a, const void *b)
{
    const struct units_range *left = a, *right = b;

    return (left->low > right->low) - (left->low < right->low);
}

void units_read(Dwarf *dwarf, struct units *ret_units)
{
    struct units units = {.n = 0};
    Dwarf_CU *cu = NULL;
    Dwarf_Die die, code;
    uint8_t type;

    while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &code) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton)
            continue;
        if ((units.n & (units.n - 1)) == 0)
            units.units = must_grow(units.units, 2 * units.n + 1, sizeof(*units.units));
        units.units[units.n] = (struct unit){.die = die, .code = type == DW_UT_skeleton && code.addr != NULL ? code : die};
        add_ranges(&units, units.n++);
    }
    if (units.n_ranges > 0)
        qsort(units.ranges, units.n_ranges, sizeof(*units.ranges), compare_ranges);
    for (size_t i = 0; i < units.n_ranges; i++) {
        struct units_range *range = &units.ranges[i];

        range->reach = i > 0 && range[-1].reach > range->high ? range[-1].reach : range->high;
    }
    *ret_units = units;
}

size_t units_find(const struct units *units, uint64_t address)
{
    size_t low = 0, high = units->n_ranges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (units->ranges[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && units->ranges[low].reach > address)
        if (units->ranges[low].high > address)
            return units->ranges[low].unit;
    return UNITS_NONE;
}

void units_release(struct units *units)
{
    free(units->units);
    free(units->ranges);
}
