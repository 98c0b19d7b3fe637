/* The finder of call frame information in .eh_frame (Linux Standard Base 10.6). Owns nothing; called by record/unwind_rule and
   record/stack_libunwind. */
#include "record/cfi.h"

#include "record/cfi_read.h"

#include <dlfcn.h>

/* Reads the common entry at `at` into the fields of `fde` that come from it. */
static bool read_cie(const uint8_t *at, struct cfi_fde *fde)
{
    uint64_t length = cfi_read_unsigned(&at, 4);
    const uint8_t *end = at + length;
    const char *augmentation;
    uintptr_t personality;
    uint8_t version;

    if (length == 0 || length >= 0xffffffff || cfi_read_unsigned(&at, 4) != 0)
        return false;
    version = *at++;
    augmentation = (const char *)at;
    at += strlen(augmentation) + 1;
    if (version != 1 && version != 3)
        return false;
    fde->code_align = cfi_read_uleb(&at);
    fde->data_align = cfi_read_sleb(&at);
    if ((version == 1 ? cfi_read_unsigned(&at, 1) : cfi_read_uleb(&at)) != CFI_DWARF_RA)
        return false;
    if (*augmentation == 'z') {
        cfi_read_uleb(&at);
        augmentation++;
    }
    for (; *augmentation != '\0'; augmentation++) {
        if (*augmentation == 'R')
            fde->encoding = *at++;
        else if (*augmentation == 'L')
            at++;
        else if (*augmentation == 'S')
            fde->signal_frame = true;
        else if (*augmentation != 'P')
            return false;
        else if (at++, !cfi_read_encoded(&at, at[-1] & 0x7f, &personality))
            return false;
    }
    fde->cie_program = at;
    fde->cie_program_end = end;
    return true;
}

static bool read_fde(const uint8_t *at, struct cfi_fde *ret_fde)
{
    struct cfi_fde fde = {.encoding = CFI_ENCODING_ABSPTR};
    uint64_t length = cfi_read_unsigned(&at, 4);
    const uint8_t *end = at + length;
    const uint8_t *cie = at;
    uintptr_t size;
    uint64_t cie_offset;

    if (length == 0 || length >= 0xffffffff)
        return false;
    cie_offset = cfi_read_unsigned(&at, 4);
    if (cie_offset == 0 || !read_cie(cie - cie_offset, &fde))
        return false;
    if (!cfi_read_encoded(&at, fde.encoding, &fde.start) || !cfi_read_encoded(&at, fde.encoding & 0x0f, &size))
        return false;
    fde.end = fde.start + size;
    /* Every CIE that gcc, clang and the assembler write has the 'z' augmentation: its size comes first. */
    size = cfi_read_uleb(&at);
    fde.program = at + size;
    fde.program_end = end;
    *ret_fde = fde;
    return true;
}

/* .eh_frame_hdr's table: pairs of 32-bit offsets from the header's start, (function, entry), sorted. */
static bool search_header(const uint8_t *header, uintptr_t pc, struct cfi_fde *ret_fde)
{
    const uint8_t *at = header + 4;
    int64_t target = (int64_t)pc - (int64_t)(uintptr_t)header;
    uintptr_t eh_frame, count;
    const int32_t *rows;
    size_t low = 0, high;

    if (header[0] != 1 || header[3] != (CFI_ENCODING_DATAREL | CFI_ENCODING_SDATA4))
        return false;
    if (!cfi_read_encoded(&at, header[1], &eh_frame) || header[2] == CFI_ENCODING_OMIT || !cfi_read_encoded(&at, header[2], &count))
        return false;
    rows = (const int32_t *)(const void *)at;
    high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (rows[2 * middle] <= target)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !read_fde(header + rows[2 * (low - 1) + 1], ret_fde))
        return false;
    return pc >= ret_fde->start && pc < ret_fde->end;
}

bool cfi_find(uintptr_t pc, struct cfi_fde *ret_fde)
{
    struct dl_find_object object;

    if (_dl_find_object((void *)pc, &object) != 0 || object.dlfo_eh_frame == NULL)
        return false;
    return search_header(object.dlfo_eh_frame, pc, ret_fde);
}
