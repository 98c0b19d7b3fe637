/* Names of functions from the symbol tables of a module's files: .symtab, else .dynsym, by the library's own rules. */
#ifndef LEAKTRACE_SYMBOLIZE_SYMBOL_TABLE_H
#define LEAKTRACE_SYMBOLIZE_SYMBOL_TABLE_H

#include <stddef.h>

struct address;
struct arena;
struct search_module;

/* Fills in the symbols of those of the `n` addresses (in ascending order) that have none, as far as the file at `path`, or a
   debug file that belongs to it, has one. Names live in `arena`. */
void symbol_table_read(const struct search_module *module, const char *path, struct address *addresses, size_t n,
                       struct arena *arena);

#endif
