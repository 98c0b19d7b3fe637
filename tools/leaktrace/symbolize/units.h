/*
 * Which compilation unit a piece of code belongs to.
 *
 * The table is made from the units themselves: .debug_aranges lacks those of compilers that do not write it (clang, rustc).
 */
#ifndef LEAKTRACE_SYMBOLIZE_UNITS_H
#define LEAKTRACE_SYMBOLIZE_UNITS_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

struct unit {
    Dwarf_Die die;  /* the lines of the unit */
    Dwarf_Die code; /* its functions: the same, or a file beside the program (split DWARF) */
};

struct units_range {
    uint64_t low;
    uint64_t high;
    uint64_t reach; /* the largest `high` up to here */
    size_t unit;
};

struct units {
    struct unit *units;
    size_t n;
    struct units_range *ranges; /* ascending */
    size_t n_ranges;
};

#define UNITS_NONE SIZE_MAX

/* Whether a function or unit begins at address 0: the linker has thrown it away. */
static inline bool units_is_discarded(uint64_t low)
{
    return low == 0;
}

void units_read(Dwarf *dwarf, struct units *ret_units);
/* The unit of an address, or UNITS_NONE. */
size_t units_find(const struct units *units, uint64_t address);
void units_release(struct units *units);

#endif
