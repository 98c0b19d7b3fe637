/* ELF files. Owns the descriptor and the tables of each open file; called by symbols.c, in leaktrace's own thread. */
#include "snapshot/elf_file.h"

#include "base/memory.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* No table of headers is larger: their counts have 16 bits. */
#define HEADERS_BYTES_MAX (UINT16_MAX * sizeof(Elf64_Shdr))
/* How much of a section of notes is looked at; a build id is one of the first. */
#define NOTES_BYTES_MAX 4096

bool elf_file_holds(const struct elf_file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

static bool holds_section(const struct elf_file *file, const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NOBITS && elf_file_holds(file, section->sh_offset, section->sh_size);
}

int elf_file_read(const struct elf_file *file, uint64_t offset, void *ret_bytes, size_t len)
{
    char *at = ret_bytes;

    if (!elf_file_holds(file, offset, len))
        return -ENODATA;
    while (len > 0) {
        long n = SYS_CALL(SYS_pread64, file->fd, at, len, offset);

        if (n == -EINTR)
            continue;
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -ENODATA;
        at += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

void *elf_file_load(const struct elf_file *file, uint64_t offset, size_t size, size_t max)
{
    void *bytes;

    if (size == 0 || size > max || !elf_file_holds(file, offset, size))
        return NULL;
    bytes = memory_map(size);
    if (bytes == NULL)
        return NULL;
    if (elf_file_read(file, offset, bytes, size) < 0) {
        memory_unmap(bytes, size);
        return NULL;
    }
    return bytes;
}

static bool is_for_us(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == EM_X86_64 &&
           (header->e_type == ET_EXEC || header->e_type == ET_DYN);
}

static void find_code(struct elf_file *file)
{
    for (size_t i = 0; i < file->n_sections && file->n_code < ELF_FILE_CODE_MAX; i++) {
        const Elf64_Shdr *s = &file->sections[i];

        if ((s->sh_flags & SHF_EXECINSTR) != 0 && s->sh_size <= UINT64_MAX - s->sh_addr)
            file->code[file->n_code++] = (struct elf_file_range){.start = s->sh_addr, .limit = s->sh_addr + s->sh_size};
    }
}

static int read_headers(struct elf_file *file)
{
    struct stat st;
    Elf64_Ehdr header;
    int ret = sys_fstat(file->fd, &st);

    if (ret < 0)
        return ret;
    if (!S_ISREG(st.st_mode))
        return -ENOEXEC;
    file->size = (uint64_t)st.st_size;
    ret = elf_file_read(file, 0, &header, sizeof(header));
    if (ret < 0)
        return ret == -ENODATA ? -ENOEXEC : ret;
    if (!is_for_us(&header))
        return -ENOEXEC;
    if (header.e_shentsize == sizeof(Elf64_Shdr))
        file->sections = elf_file_load(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr), HEADERS_BYTES_MAX);
    if (header.e_phentsize == sizeof(Elf64_Phdr))
        file->segments = elf_file_load(file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr), HEADERS_BYTES_MAX);
    file->n_sections = file->sections != NULL ? header.e_shnum : 0;
    file->n_segments = file->segments != NULL ? header.e_phnum : 0;
    file->section_names = header.e_shstrndx;
    find_code(file);
    return 0;
}

int elf_file_open(const char *path, struct elf_file *ret_file)
{
    /* Without waiting: the path may by now be a FIFO that nobody writes to. */
    struct elf_file file = {.fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)};
    int ret;

    if (file.fd < 0)
        return file.fd;
    ret = read_headers(&file);
    if (ret < 0) {
        elf_file_close(&file);
        return ret;
    }
    *ret_file = file;
    return 0;
}

void elf_file_close(struct elf_file *file)
{
    if (file->fd < 0)
        return;
    sys_close(file->fd);
    if (file->sections != NULL)
        memory_unmap(file->sections, file->n_sections * sizeof(*file->sections));
    if (file->segments != NULL)
        memory_unmap(file->segments, file->n_segments * sizeof(*file->segments));
    *file = (struct elf_file)ELF_FILE_CLOSED;
}

int elf_file_symbols(const struct elf_file *file, uint32_t type, struct elf_file_symbols *ret_symbols)
{
    for (size_t i = 0; i < file->n_sections; i++) {
        const Elf64_Shdr *table = &file->sections[i];
        const Elf64_Shdr *strings;

        if (table->sh_type != type || table->sh_entsize != sizeof(Elf64_Sym) || table->sh_link >= file->n_sections)
            continue;
        strings = &file->sections[table->sh_link];
        if (strings->sh_type != SHT_STRTAB || !holds_section(file, strings))
            continue;
        if (table->sh_size > ELF_FILE_SYMBOLS_BYTES_MAX || !holds_section(file, table))
            continue;
        *ret_symbols = (struct elf_file_symbols){.offset = table->sh_offset,
                                                 .count = table->sh_size / sizeof(Elf64_Sym),
                                                 .strings = strings->sh_offset,
                                                 .strings_size = strings->sh_size};
        return 0;
    }
    return -ENOENT;
}

const struct elf_file_range *elf_file_code_at(const struct elf_file *file, uint64_t address)
{
    for (size_t i = 0; i < file->n_code; i++)
        if (address >= file->code[i].start && address < file->code[i].limit)
            return &file->code[i];
    return NULL;
}

static uint64_t aligned(uint64_t at, uint64_t align)
{
    return (at + align - 1) & ~(align - 1);
}

/* Looks for the build id among the notes of `size` bytes at `offset`, which are aligned to 4 or 8. */
static int build_id_in(const struct elf_file *file, uint64_t offset, uint64_t size, uint64_t align, uint8_t *ret_id,
                       size_t room)
{
    uint8_t notes[NOTES_BYTES_MAX];
    size_t len = size < sizeof(notes) ? (size_t)size : sizeof(notes);
    uint64_t at = 0;

    if (elf_file_read(file, offset, notes, len) < 0)
        return -ENOENT;
    while (at + sizeof(Elf64_Nhdr) <= len) {
        Elf64_Nhdr note;
        uint64_t name = at + sizeof(note);
        uint64_t desc;

        memcpy(&note, notes + at, sizeof(note));
        desc = aligned(name + note.n_namesz, align);
        if (desc + note.n_descsz > len)
            return -ENOENT;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0) {
            if (note.n_descsz == 0 || note.n_descsz > room)
                return -ENOENT;
            memcpy(ret_id, notes + desc, note.n_descsz);
            return (int)note.n_descsz;
        }
        at = aligned(desc + note.n_descsz, align);
    }
    return -ENOENT;
}

int elf_file_build_id(const struct elf_file *file, uint8_t *ret_id, size_t room)
{
    int ret = -ENOENT;

    /* Sections first: the segments of a separate debug file keep the offsets of the file that it was taken from. */
    for (size_t i = 0; i < file->n_sections && ret < 0; i++) {
        const Elf64_Shdr *s = &file->sections[i];

        if (s->sh_type == SHT_NOTE && (s->sh_flags & SHF_ALLOC) != 0)
            ret = build_id_in(file, s->sh_offset, s->sh_size, s->sh_addralign == 8 ? 8 : 4, ret_id, room);
    }
    for (size_t i = 0; i < file->n_segments && ret < 0; i++) {
        const Elf64_Phdr *s = &file->segments[i];

        if (s->p_type == PT_NOTE)
            ret = build_id_in(file, s->p_offset, s->p_filesz, s->p_align == 8 ? 8 : 4, ret_id, room);
    }
    return ret;
}

static bool is_named(const struct elf_file *file, const Elf64_Shdr *section, const char *name)
{
    const Elf64_Shdr *names = &file->sections[file->section_names];
    char found[16];
    size_t size = strlen(name) + 1;

    if (section->sh_name > names->sh_size || size > names->sh_size - section->sh_name)
        return false;
    return elf_file_read(file, names->sh_offset + section->sh_name, found, size) == 0 && memcmp(found, name, size) == 0;
}

int elf_file_debug_link(const struct elf_file *file, char *ret_name, size_t room)
{
    if (file->section_names >= file->n_sections || !holds_section(file, &file->sections[file->section_names]))
        return -ENOENT;
    for (size_t i = 0; i < file->n_sections; i++) {
        const Elf64_Shdr *link = &file->sections[i];
        size_t len = link->sh_size < room ? (size_t)link->sh_size : room;

        if (link->sh_type != SHT_PROGBITS || !is_named(file, link, ".gnu_debuglink"))
            continue;
        if (len == 0 || elf_file_read(file, link->sh_offset, ret_name, len) < 0)
            return -ENOENT;
        if (ret_name[0] == '\0' || memchr(ret_name, '\0', len) == NULL || strchr(ret_name, '/') != NULL)
            return -ENOENT;
        return 0;
    }
    return -ENOENT;
}
