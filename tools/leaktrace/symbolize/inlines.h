/* Which functions an address of a unit lies in: the one that was compiled, and those that were inlined into it. */
#ifndef LEAKTRACE_SYMBOLIZE_INLINES_H
#define LEAKTRACE_SYMBOLIZE_INLINES_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

struct inlines_query {
    uint64_t address; /* in: in the file */
    Dwarf_Die *chain; /* out: malloc'ed; the compiled function first, then what was inlined, the innermost last */
    size_t n_chain;   /* 0: no function has it */
    uint64_t span;    /* size of the compiled function's range */
};

/* Answers the `n` queries, which are in ascending order of their addresses, from the functions of a unit. */
void inlines_find(Dwarf_Die *unit, struct inlines_query *queries, size_t n);

#endif
