/*
 * Where the functions of an ELF file begin and end, by the tables that unwinding uses (.eh_frame_hdr, .eh_frame): stripping
 * does not remove them. Read with the same care as all of the file, see snapshot/elf_file.h.
 */
#ifndef LEAKTRACE_SNAPSHOT_ELF_FRAMES_H
#define LEAKTRACE_SNAPSHOT_ELF_FRAMES_H

#include "snapshot/elf_file.h"

#include <stddef.h>
#include <stdint.h>

/* Larger tables are refused: 64 MiB are 8 million functions. */
#define ELF_FRAMES_BYTES_MAX (64ul << 20)

/* One row of .eh_frame_hdr: the first instruction of a function and its unwind entry, both relative to the header. */
struct elf_frame {
    int32_t start;
    int32_t entry;
};

struct elf_frames {
    struct elf_frame *rows; /* in the order of their starts */
    size_t count;
    uint64_t address; /* of the header, in the file */
};

/* Reads the table; to be released. -ENOENT when there is none of the form that linkers write, or no memory. */
int elf_frames_load(const struct elf_file *file, struct elf_frames *ret_frames);
void elf_frames_release(struct elf_frames *frames);
/* The last function that begins at or before `address`, which may lie behind its limit; -ENOENT when none is known. */
int elf_frames_function_before(const struct elf_file *file, const struct elf_frames *frames, uint64_t address,
                               struct elf_file_range *ret_function);

#endif
