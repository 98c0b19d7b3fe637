/* Separate debug files, where distributions put what was stripped. */
#ifndef LEAKTRACE_SNAPSHOT_DEBUG_FILE_H
#define LEAKTRACE_SNAPSHOT_DEBUG_FILE_H

#include <stdbool.h>

struct elf_file;
struct module;

/* Whether the file has the build id of the module, which must have one. */
bool debug_file_has_build_id(const struct elf_file *file, const struct module *module);
/* Opens the debug file of a module whose own file is open: by its build id, else by the link in that file. 0, or -ENOENT when
   there is none with the module's build id and a symbol table. */
int debug_file_open(const struct module *module, const struct elf_file *file, struct elf_file *ret_debug);

#endif
