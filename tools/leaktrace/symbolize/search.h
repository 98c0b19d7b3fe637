/*
 * The files that tell of a module, each proved to be of the module's build before it is used.
 *
 * A file of another build is refused with one line on standard error. A module without build id is taken at its path's
 * word when the file has none either, and its debug file by the checksum of its debug link.
 */
#ifndef LEAKTRACE_SYMBOLIZE_SEARCH_H
#define LEAKTRACE_SYMBOLIZE_SEARCH_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>

struct search {
    const char *const *folders; /* that are looked through first */
    size_t n_folders;
    bool debuginfod;
};

/* What is sought: a module as the dump names it. */
struct search_module {
    const char *path;     /* on the machine of the dump */
    const char *build_id; /* in hexadecimal; empty: it has none */
};

struct search_file {
    int fd; /* -1: not open */
    Elf *elf;
    char *path; /* malloc'ed */
};

#define SEARCH_CLOSED                                                                                                          \
    {                                                                                                                          \
        .fd = -1                                                                                                               \
    }

/* Opens the module itself, or its debug file; false when there is none. `own` is the module's file, open or not. */
bool search_own(const struct search *search, const struct search_module *module, struct search_file *ret_file);
bool search_debug(const struct search *search, const struct search_module *module, const struct search_file *own,
                  struct search_file *ret_file);
/* Opens the file that several debug files share (made by dwz), named by `link` in the debug file at `path`. */
bool search_shared(const struct search *search, const struct search_module *shared, const char *path,
                   struct search_file *ret_file);
void search_close(struct search_file *file);

#endif
