/* The maker of frames. Owns nothing; called by symbolize.c. */
#include "symbolize/frames.h"

#include "common.h"
#include "symbolize/inlines.h"
#include "symbolize/names.h"
#include "symbolize/units.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

/* A place in the source. */
struct place {
    const char *file;
    int64_t line;
};

static const char *text_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;

    return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* C++ and Rust: a bare name says too little. */
static bool is_mangled(const char *name)
{
    return name != NULL && (begins_with(name, "_Z") || begins_with(name, "_R"));
}

/* The linkage name where that is a mangled one: that of a C function is often an alias inside its library. */
static const char *mangled_name(Dwarf_Die *function)
{
    const char *name = text_of(function, DW_AT_linkage_name);

    if (name == NULL)
        name = text_of(function, DW_AT_MIPS_linkage_name);
    return is_mangled(name) ? name : NULL;
}

/* The name of a function, which `symbol` names as well if it is the compiled one; NULL when there is none. */
static const char *name_of(Dwarf_Die *function, const char *symbol)
{
    const char *name = mangled_name(function);

    if (name != NULL)
        return name;
    name = text_of(function, DW_AT_name);
    return name == NULL || is_mangled(symbol) ? symbol : name;
}

static struct place line_of(struct unit *unit, uint64_t address)
{
    Dwarf_Line *row = dwarf_getsrc_die(&unit->die, address);
    struct place place = {.file = NULL};
    int line;

    if (row == NULL)
        return place;
    place.file = dwarf_linesrc(row, NULL, NULL);
    place.line = dwarf_lineno(row, &line) == 0 ? line : 0;
    return place;
}

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number;

    return dwarf_formudata(dwarf_attr(die, name, &attribute), &number) == 0 ? number : 0;
}

/* Where the function was called that the compiler has put in the caller's place. */
static struct place call_of(struct unit *unit, Dwarf_Die *inlined)
{
    struct place place = {.line = (int64_t)number_of(inlined, DW_AT_call_line)};
    Dwarf_Files *files;
    size_t n;

    if (dwarf_getsrcfiles(&unit->code, &files, &n) == 0)
        place.file = dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), NULL, NULL);
    return place;
}

static void fill_frames(struct unit *unit, struct address *address, struct inlines_query *query, struct names *names)
{
    struct place place = line_of(unit, address->address);

    address->frames = must_grow(NULL, query->n_chain, sizeof(*address->frames));
    for (size_t i = query->n_chain; i-- > 0;) {
        Dwarf_Die *function = &query->chain[i];
        const char *name = name_of(function, i == 0 ? address->symbol : NULL);

        address->frames[address->n_frames++] =
            (struct frame){names_intern(names, name == NULL ? "??" : name, place.file == NULL ? "" : place.file), place.line};
        place = call_of(unit, function);
    }
}

static void set_symbol(struct address *address, struct place place, struct names *names)
{
    address->frames = must_grow(NULL, 1, sizeof(*address->frames));
    address->frames[0] = (struct frame){names_intern(names, address->symbol, place.file), place.line};
    address->n_frames = 1;
}

/* Code that no function has, as assembly: the symbol's name, at the line. */
static void fill_line(struct unit *unit, struct address *address, struct names *names)
{
    struct place place = line_of(unit, address->address);

    if (place.file != NULL && address->symbol != NULL)
        set_symbol(address, place, names);
}

void frames_from_unit(struct unit *unit, struct address *const *addresses, size_t n, struct names *names)
{
    struct inlines_query *queries = must_grow(NULL, n, sizeof(*queries));

    for (size_t i = 0; i < n; i++)
        queries[i] = (struct inlines_query){.address = addresses[i]->address};
    inlines_find(&unit->code, queries, n);
    for (size_t i = 0; i < n; i++) {
        if (queries[i].n_chain > 0)
            fill_frames(unit, addresses[i], &queries[i], names);
        else
            fill_line(unit, addresses[i], names);
        free(queries[i].chain);
    }
    free(queries);
}

void frames_from_symbol(struct address *address, struct names *names)
{
    set_symbol(address, (struct place){.file = ""}, names);
}
