/* The headers of a program. Owns nothing but the open file; called by doctor/file.c. */
#include "doctor/binary.h"

#include "base/memory.h"

#include <string.h>

#define DYNAMIC_BYTES_MAX (64ul << 10)

static void read_loader(struct binary *binary, const Elf64_Phdr *segment)
{
    size_t size = segment->p_filesz;

    if (size >= sizeof(binary->loader) || elf_file_read(&binary->file, segment->p_offset, binary->loader, size) < 0)
        size = 0;
    binary->loader[size] = '\0';
}

/* A shared object that is a program is marked so. */
static void read_dynamic(struct binary *binary, const Elf64_Phdr *segment)
{
    size_t n = segment->p_filesz / sizeof(Elf64_Dyn), size = n * sizeof(Elf64_Dyn);
    Elf64_Dyn *entries = elf_file_load(&binary->file, segment->p_offset, size, DYNAMIC_BYTES_MAX);

    if (entries == NULL)
        return;
    for (size_t i = 0; i < n && entries[i].d_tag != DT_NULL; i++)
        if (entries[i].d_tag == DT_FLAGS_1 && (entries[i].d_un.d_val & DF_1_PIE) != 0)
            binary->is_program = true;
    memory_unmap(entries, size);
}

/* Go's linker names a section so, also in stripped programs. */
static bool has_go_section(const struct elf_file *file)
{
    static const char name[] = ".go.buildinfo";
    const Elf64_Shdr *names = file->section_names < file->n_sections ? &file->sections[file->section_names] : NULL;
    char found[sizeof(name)];

    for (size_t i = 0; names != NULL && i < file->n_sections; i++) {
        uint32_t at = file->sections[i].sh_name;

        if (at < names->sh_size && names->sh_size - at >= sizeof(name) &&
            elf_file_read(file, names->sh_offset + at, found, sizeof(found)) == 0 && memcmp(found, name, sizeof(name)) == 0)
            return true;
    }
    return false;
}

static void read_segments(struct binary *binary)
{
    for (size_t i = 0; i < binary->file.n_segments; i++) {
        const Elf64_Phdr *segment = &binary->file.segments[i];

        if (segment->p_type == PT_INTERP)
            read_loader(binary, segment);
        else if (segment->p_type == PT_DYNAMIC)
            read_dynamic(binary, segment);
        else if (segment->p_type == PT_GNU_EH_FRAME)
            binary->has_unwind_tables = segment->p_filesz > 0;
    }
}

/* Whether it is an ELF file that loads at a fixed address, which no shared object does. */
static bool is_fixed(const struct elf_file *file)
{
    Elf64_Ehdr header;

    return elf_file_read(file, 0, &header, sizeof(header)) == 0 && header.e_type == ET_EXEC;
}

int binary_open(const char *path, struct binary *ret_binary)
{
    struct binary binary = {.file = ELF_FILE_CLOSED};
    int ret = elf_file_open(path, &binary.file);

    if (ret < 0)
        return ret;
    binary.is_program = is_fixed(&binary.file);
    binary.has_sections = binary.file.n_sections > 0;
    binary.is_go = has_go_section(&binary.file);
    read_segments(&binary);
    binary.is_program = binary.is_program || binary.loader[0] != '\0';
    *ret_binary = binary;
    return 0;
}

void binary_close(struct binary *binary)
{
    elf_file_close(&binary->file);
}
