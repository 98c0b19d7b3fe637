/* The locations of several profiles, by module and address. */
#ifndef LEAKTRACE_SYMBOLIZE_GATHER_H
#define LEAKTRACE_SYMBOLIZE_GATHER_H

#include "symbolize/search.h"

#include <stddef.h>
#include <stdint.h>

struct address;
struct module_files;
struct profile;
struct profile_location;

/* One location, on its way to an address of a module. */
struct gather_location {
    struct profile *profile;
    struct profile_location *location;
    size_t module;
    uint64_t in_file;        /* its address in the module's files */
    struct address *address; /* NULL: the module has no such address, or no files */
};

struct gather_module {
    struct search_module name; /* points into a profile */
    size_t first;              /* its locations */
    size_t n;
    struct address *addresses; /* each once */
    size_t n_addresses;
};

struct gather {
    struct gather_location *locations; /* by module */
    size_t n;
    struct gather_module *modules;
    size_t n_modules;
};

/* Gathers the locations that have a mapping and no source line yet. */
void gather_locations(struct profile *profiles, size_t n, struct gather *ret_gathered);
/* Makes the addresses of a module from its locations, ascending; none when there are no files. They stay the gathering's. */
void gather_addresses(struct gather *gathered, size_t module, const struct module_files *files, struct address **ret_addresses,
                      size_t *ret_n);
void gather_release(struct gather *gathered);

#endif
