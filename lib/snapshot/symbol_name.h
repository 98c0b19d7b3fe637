/* Names in an ELF file's table of strings, and which of two names of one address is shown. */
#ifndef LEAKTRACE_SNAPSHOT_SYMBOL_NAME_H
#define LEAKTRACE_SNAPSHOT_SYMBOL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct elf_file_symbols;

/* Longer names are not used. The longest that C++ templates make have some ten thousand bytes. */
#define SYMBOL_NAME_SIZE (32ul * 1024)
#define SYMBOL_NAME_NONE UINT64_MAX

struct symbol_name {
    uint64_t at; /* where in the strings; SYMBOL_NAME_NONE when nothing was read yet */
    size_t len;  /* 0: not usable */
    char text[SYMBOL_NAME_SIZE];
};

/* Reads the name at `at` of the table's strings, without its version; its length in the file, which tells what it cost. */
size_t symbol_name_read(const struct elf_file *file, const struct elf_file_symbols *table, uint32_t at,
                        struct symbol_name *ret_name);
/* Whether `a` is shown rather than `b`. */
bool symbol_name_precedes(const struct symbol_name *a, const struct symbol_name *b);

#endif
