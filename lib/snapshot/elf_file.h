/*
 * An ELF file of x86-64, read with care: whatever is in it, and whatever is done to it meanwhile, nothing here faults,
 * loops, or takes more memory than the bounds below.
 *
 * The bytes are copied by pread and never mapped: a mapped file that is truncated kills the process with SIGBUS. Each
 * offset is held against the size of the file before it is used. A table that does not lie inside the file counts as
 * absent. One thread at a time for each struct.
 */
#ifndef LEAKTRACE_SNAPSHOT_ELF_FILE_H
#define LEAKTRACE_SNAPSHOT_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger symbol tables are refused: 512 MiB are 22 million symbols. Strings are read one by one and need no bound. */
#define ELF_FILE_SYMBOLS_BYTES_MAX (512ul << 20)

/* Further executable sections are not looked at; a program has five or so. */
#define ELF_FILE_CODE_MAX 64

/* Addresses in the file: start <= address < limit. */
struct elf_file_range {
    uint64_t start;
    uint64_t limit;
};

struct elf_file {
    int fd;        /* -1: not open */
    uint64_t size; /* when it was opened; it may have shrunk since */
    Elf64_Shdr *sections;
    size_t n_sections;
    size_t section_names; /* which section holds the names */
    Elf64_Phdr *segments;
    size_t n_segments;
    struct elf_file_range code[ELF_FILE_CODE_MAX]; /* the executable sections */
    size_t n_code;
};

#define ELF_FILE_CLOSED {.fd = -1}

/* Where a symbol table and its strings lie, both inside the file. */
struct elf_file_symbols {
    uint64_t offset;
    uint64_t count;
    uint64_t strings;
    uint64_t strings_size;
};

/* Opens a regular file that is an x86-64 program or shared object; -ENOEXEC when it is anything else. */
int elf_file_open(const char *path, struct elf_file *ret_file);
/* Closes it and gives its tables back; a file that is not open stays so. */
void elf_file_close(struct elf_file *file);

/* Whether `size` bytes at `offset` lie inside the file. */
bool elf_file_holds(const struct elf_file *file, uint64_t offset, uint64_t size);
/* A copy of that part of the file, for memory_unmap; NULL when it is empty, larger than `max`, or cannot be had. */
void *elf_file_load(const struct elf_file *file, uint64_t offset, size_t size, size_t max);
/* Copies exactly `len` bytes; -ENODATA when they are not all there. On failure the buffer holds anything. */
int elf_file_read(const struct elf_file *file, uint64_t offset, void *ret_bytes, size_t len);

/* The table of that section type (SHT_SYMTAB or SHT_DYNSYM) with its strings; -ENOENT without. */
int elf_file_symbols(const struct elf_file *file, uint32_t type, struct elf_file_symbols *ret_symbols);
/* The executable section in which `address` lies, or NULL. Symbols are placed by address, not by their section's
   number: objcopy does not correct those of .dynsym when it removes a section. */
const struct elf_file_range *elf_file_code_at(const struct elf_file *file, uint64_t address);

/* Copies the GNU build id; its length, or -ENOENT when there is none of 1 to `room` bytes. */
int elf_file_build_id(const struct elf_file *file, uint8_t *ret_id, size_t room);
/* The file name in .gnu_debuglink, without folders, as a string; -ENOENT when there is none that fits. */
int elf_file_debug_link(const struct elf_file *file, char *ret_name, size_t room);

#endif
