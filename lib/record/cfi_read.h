/* Reading the numbers that call frame information is made of. For record/cfi.c and record/cfi_program.c. */
#ifndef LEAKTRACE_RECORD_CFI_READ_H
#define LEAKTRACE_RECORD_CFI_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum cfi_encoding {
    CFI_ENCODING_ABSPTR = 0x00,
    CFI_ENCODING_UDATA2 = 0x02,
    CFI_ENCODING_UDATA4 = 0x03,
    CFI_ENCODING_UDATA8 = 0x04,
    CFI_ENCODING_SDATA2 = 0x0a,
    CFI_ENCODING_SDATA4 = 0x0b,
    CFI_ENCODING_SDATA8 = 0x0c,
    CFI_ENCODING_PCREL = 0x10,
    CFI_ENCODING_DATAREL = 0x30,
    CFI_ENCODING_OMIT = 0xff,
};

static inline uint64_t cfi_read_unsigned(const uint8_t **at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, *at, bytes);
    *at += bytes;
    return value;
}

static inline uint64_t cfi_read_uleb(const uint8_t **at)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = *(*at)++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static inline int64_t cfi_read_sleb(const uint8_t **at)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = *(*at)++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if ((byte & 0x40) && shift < 64)
        value |= ~0ull << shift;
    return (int64_t)value;
}

/* Reads a value of an encoding that is absolute or relative to its own place; false for other encodings. */
static inline bool cfi_read_encoded(const uint8_t **at, uint8_t encoding, uintptr_t *ret_value)
{
    uintptr_t base = (encoding & 0x70) == CFI_ENCODING_PCREL ? (uintptr_t)*at : 0;

    switch (encoding & 0x0f) {
    case CFI_ENCODING_ABSPTR:
    case CFI_ENCODING_UDATA8:
    case CFI_ENCODING_SDATA8:
        *ret_value = base + cfi_read_unsigned(at, 8);
        break;
    case CFI_ENCODING_UDATA2:
        *ret_value = base + cfi_read_unsigned(at, 2);
        break;
    case CFI_ENCODING_UDATA4:
        *ret_value = base + cfi_read_unsigned(at, 4);
        break;
    case CFI_ENCODING_SDATA2:
        *ret_value = base + (uintptr_t)(int16_t)cfi_read_unsigned(at, 2);
        break;
    case CFI_ENCODING_SDATA4:
        *ret_value = base + (uintptr_t)(int32_t)cfi_read_unsigned(at, 4);
        break;
    default:
        return false;
    }
    return (encoding & 0x70) == 0 || (encoding & 0x70) == CFI_ENCODING_PCREL;
}

#endif
