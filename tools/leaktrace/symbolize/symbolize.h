/*
 * From addresses to lines of code: function, file, line and inlined callers of every location of a profile, read from
 * the debug information of the modules that its mappings name.
 *
 * The file of a module is the one that its mapping names, on this machine or in one of the given folders; its debug
 * information stands in it, or in a separate file that is found by build id, by debug link, or by debuginfod. Each file
 * is proved by its build id (one without, by the checksum of its debug link); a wrong one is refused with a line on
 * standard error. What no debug information names keeps the name that the dump embeds, or gets that of the symbol table.
 */
#ifndef LEAKTRACE_SYMBOLIZE_SYMBOLIZE_H
#define LEAKTRACE_SYMBOLIZE_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct profile;

struct symbolize_options {
    const char *const *folders; /* searched first: laid out as /usr/lib/debug is, as the target's root is, or flat */
    size_t n_folders;
    bool debuginfod; /* ask the servers of DEBUGINFOD_URLS */
    FILE *progress;  /* a terminal that is told what takes longer than a second; NULL: none */
};

/* Annotates the locations of the `n` profiles in place: lines, innermost inlined function first, whose functions are
   demangled (the linkage name stays as system name). Each address of a module is looked up once for all profiles.
   Locations that have a source line already, or no mapping, stay as they are. What is added lives in the profiles;
   pointers to their functions change. Never fails: what cannot be found stays as it is. */
void symbolize_profiles(struct profile *profiles, size_t n, const struct symbolize_options *options);

#endif
