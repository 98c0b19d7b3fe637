/* The files of one module, and its addresses as they count in them. */
#ifndef LEAKTRACE_SYMBOLIZE_MODULE_H
#define LEAKTRACE_SYMBOLIZE_MODULE_H

#include "symbolize/search.h"

#include <elfutils/libdw.h>
#include <stdint.h>

struct profile_mapping;

struct module_files {
    struct search_file own;
    struct search_file debug;
    struct search_file shared; /* by several debug files */
    Dwarf *dwarf;              /* NULL: there is no debug information */
    Dwarf *shared_dwarf;
};

/* Opens what there is of a module, which may be nothing. */
void module_open(const struct search *search, const struct search_module *module, struct module_files *ret_files);
void module_close(struct module_files *files);

/* Whatever of the module's files is there, its own first; NULL when there is none. */
const struct search_file *module_any(const struct module_files *files);
/* What has to be added to a run-time address of the mapping to get the address in the module's files; false when the mapping
   is none of theirs. */
bool module_shift(const struct module_files *files, const struct profile_mapping *mapping, uint64_t *ret_shift);

#endif
