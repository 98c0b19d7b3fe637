/*
 * The finder of inlined functions. Owns nothing; called by symbolize.c.
 *
 * A unit is walked once for all of its addresses. What lies in a function that has none of them is passed over; only when that
 * leaves an address without a function (that of a nested function lies outside of the outer one's) everything is walked.
 */
#include "symbolize/inlines.h"

#include "common.h"
#include "symbolize/units.h"

#include <dwarf.h>
#include <stdbool.h>

/* Deeper trees are not descended: no compiler makes them. */
#define DEPTH_MAX 512

struct walk {
    struct inlines_query *queries;
    size_t n;
    bool thorough; /* pass over nothing */
    unsigned depth;
};

static size_t first_at(const struct walk *walk, uint64_t address)
{
    size_t low = 0, high = walk->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (walk->queries[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Notes that a function has the address of a query, inlined into the last one of its chain if it is not at level 0. */
static void note(struct inlines_query *query, const Dwarf_Die *die, size_t level, const Dwarf_Die *outer, uint64_t span)
{
    if (level == 0 && query->n_chain > 0 && query->span <= span)
        return;
    if (level > 0 && (query->n_chain < level || query->chain[level - 1].addr != outer->addr))
        return;
    query->chain = must_grow(query->chain, level + 1, sizeof(*query->chain));
    query->chain[level] = *die;
    query->n_chain = level + 1;
    if (level == 0)
        query->span = span;
}

/* Whether a function has any address that is asked for. */
static bool note_function(struct walk *walk, Dwarf_Die *die, size_t level, const Dwarf_Die *outer)
{
    Dwarf_Addr base, low, high;
    bool has_code = false, has_any = false;
    ptrdiff_t at = 0;

    while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
        has_code = true;
        if (units_is_discarded(low))
            continue;
        for (size_t i = first_at(walk, low); i < walk->n && walk->queries[i].address < high; i++) {
            note(&walk->queries[i], die, level, outer, high - low);
            has_any = true;
        }
    }
    /* One without code may have others in it that have some. */
    return has_any || !has_code;
}

/* Walks what is in `outer`. Functions inlined there are at `level`; `compiled` is the function that they are inlined into. */
static void visit(struct walk *walk, Dwarf_Die *outer, size_t level, const Dwarf_Die *function)
{
    Dwarf_Die die;

    if (walk->depth == DEPTH_MAX || dwarf_child(outer, &die) != 0)
        return;
    walk->depth++;
    do {
        switch (dwarf_tag(&die)) {
        case DW_TAG_subprogram:
            if (note_function(walk, &die, 0, NULL) || walk->thorough)
                visit(walk, &die, 1, &die);
            break;
        case DW_TAG_inlined_subroutine:
            if ((level > 0 && note_function(walk, &die, level, function)) || walk->thorough)
                visit(walk, &die, level + 1, &die);
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_enumeration_type:
        case DW_TAG_interface_type:
        case DW_TAG_imported_unit:
            visit(walk, &die, level, function);
            break;
        }
    } while (dwarf_siblingof(&die, &die) == 0);
    walk->depth--;
}

static bool is_complete(const struct walk *walk)
{
    for (size_t i = 0; i < walk->n; i++)
        if (walk->queries[i].n_chain == 0)
            return false;
    return true;
}

void inlines_find(Dwarf_Die *unit, struct inlines_query *queries, size_t n)
{
    struct walk walk = {.queries = queries, .n = n};

    visit(&walk, unit, 0, NULL);
    if (is_complete(&walk))
        return;
    walk.thorough = true;
    visit(&walk, unit, 0, NULL);
}
