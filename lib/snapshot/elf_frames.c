/* The table of functions in an ELF file. Owns nothing but what it loads; called by symbols.c, in leaktrace's own thread. */
#include "snapshot/elf_frames.h"

#include "base/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What is looked at of an unwind entry: all fields that stand in front of the instructions. */
#define ENTRY_BYTES_MAX 64

/* How addresses are written in unwind entries. */
enum encoding {
    ENCODING_ABSOLUTE = 0x00,
    ENCODING_UDATA4 = 0x03,
    ENCODING_PCREL = 0x10,
    ENCODING_DATAREL_SDATA4 = 0x3b,
    ENCODING_FORMAT_MASK = 0x07,
    ENCODING_BASE_MASK = 0xf0,
};

/* The bytes of an unwind entry that are still to be read. */
struct cursor {
    uint8_t bytes[ENTRY_BYTES_MAX];
    size_t at;
    size_t len;
};


int elf_frames_load(const struct elf_file *file, struct elf_frames *ret_frames)
{
    struct {
        uint8_t version;
        uint8_t eh_frame_encoding;
        uint8_t count_encoding;
        uint8_t table_encoding;
        uint32_t eh_frame;
        uint32_t count;
    } header;
    const Elf64_Phdr *segment = NULL;
    struct elf_frame *rows;

    for (size_t i = 0; i < file->n_segments && segment == NULL; i++)
        if (file->segments[i].p_type == PT_GNU_EH_FRAME)
            segment = &file->segments[i];
    if (segment == NULL || segment->p_filesz < sizeof(header) ||
        !elf_file_holds(file, segment->p_offset, segment->p_filesz) ||
        elf_file_read(file, segment->p_offset, &header, sizeof(header)) < 0)
        return -ENOENT;
    /* The one form that linkers write. */
    if (header.version != 1 || (header.eh_frame_encoding & ENCODING_FORMAT_MASK) != ENCODING_UDATA4 ||
        header.count_encoding != ENCODING_UDATA4 || header.table_encoding != ENCODING_DATAREL_SDATA4)
        return -ENOENT;
    if (header.count > (segment->p_filesz - sizeof(header)) / sizeof(struct elf_frame))
        return -ENOENT;
    rows = elf_file_load(file, segment->p_offset + sizeof(header), header.count * sizeof(*rows), ELF_FRAMES_BYTES_MAX);
    if (rows == NULL)
        return -ENOENT;
    *ret_frames = (struct elf_frames){.rows = rows, .count = header.count, .address = segment->p_vaddr};
    return 0;
}

void elf_frames_release(struct elf_frames *frames)
{
    memory_unmap(frames->rows, frames->count * sizeof(*frames->rows));
    *frames = (struct elf_frames){0};
}

/* Puts the cursor at the bytes that the loader would put at `address`. */
static bool cursor_start(struct cursor *cursor, const struct elf_file *file, uint64_t address)
{
    for (size_t i = 0; i < file->n_segments; i++) {
        const Elf64_Phdr *s = &file->segments[i];
        uint64_t left;

        if (s->p_type != PT_LOAD || address < s->p_vaddr || address - s->p_vaddr >= s->p_filesz)
            continue;
        left = s->p_filesz - (address - s->p_vaddr);
        cursor->at = 0;
        cursor->len = left < sizeof(cursor->bytes) ? (size_t)left : sizeof(cursor->bytes);
        return elf_file_holds(file, s->p_offset, s->p_filesz) &&
               elf_file_read(file, s->p_offset + (address - s->p_vaddr), cursor->bytes, cursor->len) == 0;
    }
    return false;
}

/* Takes a little-endian number of `size` bytes, at most 8. */
static bool cursor_take(struct cursor *cursor, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (size > cursor->len - cursor->at)
        return false;
    memcpy(&value, cursor->bytes + cursor->at, size);
    cursor->at += size;
    *ret_value = value;
    return true;
}

static bool cursor_skip_leb128(struct cursor *cursor)
{
    uint64_t byte;

    do {
        if (!cursor_take(cursor, 1, &byte))
            return false;
    } while ((byte & 0x80) != 0);
    return true;
}

/* How many bytes such an address takes; 0 for the forms that no compiler uses here. */
static size_t encoded_size(uint64_t encoding)
{
    static const uint8_t sizes[ENCODING_FORMAT_MASK + 1] = {[0] = 8, [2] = 2, [3] = 4, [4] = 8};

    return sizes[encoding & ENCODING_FORMAT_MASK];
}

/* Reads the letters behind the 'z' and their data, up to the one that says how addresses are written. */
static bool find_encoding(struct cursor *cursor, const char *letters, uint64_t *ret_encoding)
{
    uint64_t value;

    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 'R':
            return cursor_take(cursor, 1, ret_encoding);
        case 'P': /* the personality routine: its own encoding, then its address */
            if (!cursor_take(cursor, 1, &value) || encoded_size(value) == 0 ||
                !cursor_take(cursor, encoded_size(value), &value))
                return false;
            break;
        case 'L':
            if (!cursor_take(cursor, 1, &value))
                return false;
            break;
        case 'S':
        case 'B':
        case 'G':
            break;
        default:
            return false;
        }
    }
    *ret_encoding = ENCODING_ABSOLUTE;
    return true;
}

/* How the unwind entries that share the common entry at `address` write theirs. */
static bool read_common_entry(const struct elf_file *file, uint64_t address, uint64_t *ret_encoding)
{
    struct cursor cursor;
    uint64_t length;
    uint64_t id;
    uint64_t version;
    const char *letters;

    if (!cursor_start(&cursor, file, address) || !cursor_take(&cursor, 4, &length) || !cursor_take(&cursor, 4, &id) ||
        !cursor_take(&cursor, 1, &version) || id != 0)
        return false;
    letters = (const char *)cursor.bytes + cursor.at;
    if (memchr(letters, '\0', cursor.len - cursor.at) == NULL)
        return false;
    cursor.at += strlen(letters) + 1;
    /* The alignment of code, that of data, and the column of the return address. */
    if (!cursor_skip_leb128(&cursor) || !cursor_skip_leb128(&cursor) ||
        !(version == 1 ? cursor_take(&cursor, 1, &length) : cursor_skip_leb128(&cursor)))
        return false;
    if (letters[0] == '\0')
        return find_encoding(&cursor, letters, ret_encoding);
    return letters[0] == 'z' && cursor_skip_leb128(&cursor) && find_encoding(&cursor, letters + 1, ret_encoding);
}

/* Reads the unwind entry at `address`, which must be that of the function at `start`. */
static int read_entry(const struct elf_file *file, uint64_t address, uint64_t start,
                      struct elf_file_range *ret_function)
{
    struct cursor cursor;
    uint64_t length;
    uint64_t back;
    uint64_t encoding;
    uint64_t begin;
    uint64_t range;
    size_t size;

    if (!cursor_start(&cursor, file, address) || !cursor_take(&cursor, 4, &length) || !cursor_take(&cursor, 4, &back) ||
        length == UINT32_MAX || back == 0 || !read_common_entry(file, address + 4 - back, &encoding))
        return -ENOENT;
    size = encoded_size(encoding);
    if (size == 0 || !cursor_take(&cursor, size, &begin) || !cursor_take(&cursor, size, &range))
        return -ENOENT;
    if ((encoding & ENCODING_BASE_MASK) == ENCODING_PCREL)
        begin = (size == 4 ? (uint64_t)(int32_t)begin : begin) + address + 8;
    else if ((encoding & ENCODING_BASE_MASK) != ENCODING_ABSOLUTE)
        return -ENOENT;
    if (begin != start || range == 0 || range > UINT64_MAX - start)
        return -ENOENT;
    *ret_function = (struct elf_file_range){.start = start, .limit = start + range};
    return 0;
}

int elf_frames_function_before(const struct elf_file *file, const struct elf_frames *frames, uint64_t address,
                               struct elf_file_range *ret_function)
{
    size_t low = 0;
    size_t high = frames->count;
    const struct elf_frame *row;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (frames->address + (uint64_t)frames->rows[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return -ENOENT;
    row = &frames->rows[low - 1];
    return read_entry(file, frames->address + (uint64_t)row->entry, frames->address + (uint64_t)row->start,
                      ret_function);
}
