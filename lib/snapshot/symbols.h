/*
 * Names of functions, from the ELF files on disk: .symtab, else a separate debug file whose build id matches, else
 * .dynsym.
 *
 * Runs in leaktrace's own thread, with direct system calls and arena memory only. A file whose build id is not that of
 * the loaded module is not used; a module without build id is taken at its path's word, and never has a separate debug
 * file.
 *
 * A name is never a guess. A symbol with a size names the addresses inside it and no others. One without (assembly)
 * names what follows it in its section until another function begins or ends, and only where the table is complete,
 * which .dynsym is not. Of the names of one address the innermost symbol's is taken; then that of a function over a
 * label, global over weak over local, fewer leading underscores, the shorter, the first in byte order. What follows '@'
 * (a version) is not part of a name. Names that are not clean UTF-8 are not used.
 */
#ifndef LEAKTRACE_SNAPSHOT_SYMBOLS_H
#define LEAKTRACE_SNAPSHOT_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct module;

struct symbol_query {
    uintptr_t pc;     /* in: a run-time address inside the module; queries are in ascending order of it */
    const char *name; /* out: the linkage (mangled) name, or "file+0x<offset>" where no symbol covers it; never NULL on
                         success */
};

/* Names all queries; strings live in `arena`, one for all queries of a function. The <offset> is the address in the
   file of the function's first instruction when the unwind table knows it, else that of the pc itself. 0, or -ENOMEM
   (then names may be NULL). A file that is missing, unreadable, truncated or malformed in any way is no error: what it
   cannot name is named by offset. */
int symbols_resolve(const struct module *module, struct symbol_query *queries, size_t n, struct arena *arena);

#endif
