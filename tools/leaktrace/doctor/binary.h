/*
 * What the headers of an x86-64 program say about how it is loaded. Reads with the care of elf_file: a hostile file gives
 * wrong answers, never a fault.
 */
#ifndef LEAKTRACE_DOCTOR_BINARY_H
#define LEAKTRACE_DOCTOR_BINARY_H

#include "snapshot/elf_file.h"

#include <limits.h>
#include <stdbool.h>

struct binary {
    struct elf_file file;
    char loader[PATH_MAX];  /* of PT_INTERP; empty: none */
    bool is_program;        /* not a shared object that happens to be executable */
    bool has_sections;      /* false: packed, or robbed of its section headers */
    bool has_unwind_tables; /* .eh_frame_hdr */
    bool is_go;
};

/* Opens the file; -ENOEXEC when it is no ELF file of x86-64, or another -errno. */
int binary_open(const char *path, struct binary *ret_binary);
void binary_close(struct binary *binary);

#endif
