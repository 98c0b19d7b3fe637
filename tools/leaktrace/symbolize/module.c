/* The files of a module. Owns nothing; called by symbolize.c. */
#include "symbolize/module.h"

#include "base/text.h"
#include "profile/profile.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>

#define PAGE 4096ul
#define BUILD_ID_MAX 64

/* The debug information in a file; NULL when there is none. */
static Dwarf *read_dwarf(const struct search_file *file)
{
    Dwarf *dwarf = file->fd < 0 ? NULL : dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
    Dwarf_CU *unit = NULL;

    if (dwarf == NULL || dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, NULL, NULL) == 0)
        return dwarf;
    dwarf_end(dwarf);
    return NULL;
}

/* What dwz has moved out of several debug files stands in another one. */
static void open_shared(const struct search *search, struct module_files *files)
{
    const struct search_file *file = files->debug.fd >= 0 ? &files->debug : &files->own;
    char build_id[2 * BUILD_ID_MAX + 1] = "";
    struct text text = TEXT_ON(build_id);
    struct search_module shared = {.build_id = build_id};
    const void *id;
    ssize_t len = dwelf_dwarf_gnu_debugaltlink(files->dwarf, &shared.path, &id);

    if (len <= 0 || len > BUILD_ID_MAX)
        return;
    text_add_hex_bytes(&text, id, (size_t)len);
    if (!search_shared(search, &shared, file->path, &files->shared))
        return;
    files->shared_dwarf = dwarf_begin_elf(files->shared.elf, DWARF_C_READ, NULL);
    if (files->shared_dwarf != NULL)
        dwarf_setalt(files->dwarf, files->shared_dwarf);
}

void module_open(const struct search *search, const struct search_module *module, struct module_files *ret_files)
{
    struct module_files files = {.own = SEARCH_CLOSED, .debug = SEARCH_CLOSED, .shared = SEARCH_CLOSED};

    search_own(search, module, &files.own);
    files.dwarf = read_dwarf(&files.own);
    if (files.dwarf == NULL && search_debug(search, module, &files.own, &files.debug))
        files.dwarf = read_dwarf(&files.debug);
    if (files.dwarf != NULL)
        open_shared(search, &files);
    *ret_files = files;
}

void module_close(struct module_files *files)
{
    dwarf_end(files->dwarf);
    dwarf_end(files->shared_dwarf);
    search_close(&files->shared);
    search_close(&files->debug);
    search_close(&files->own);
}

const struct search_file *module_any(const struct module_files *files)
{
    if (files->own.fd >= 0)
        return &files->own;
    return files->debug.fd >= 0 ? &files->debug : NULL;
}

/* How sure it is that a mapping is that of a segment. Debug files have the addresses of segments, but not their offsets. */
static unsigned likeness(const GElf_Phdr *segment, const struct profile_mapping *mapping)
{
    uint64_t start = segment->p_vaddr & ~(PAGE - 1);
    uint64_t limit = (segment->p_vaddr + segment->p_memsz + PAGE - 1) & ~(PAGE - 1);

    return 2 * (limit - start == mapping->limit - mapping->start) + ((segment->p_offset & ~(PAGE - 1)) == mapping->offset);
}

bool module_shift(const struct module_files *files, const struct profile_mapping *mapping, uint64_t *ret_shift)
{
    const struct search_file *file = module_any(files);
    unsigned best = 0;
    size_t n = 0;

    if (file == NULL || elf_getphdrnum(file->elf, &n) != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr segment;
        unsigned like;

        if (gelf_getphdr(file->elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0)
            continue;
        like = likeness(&segment, mapping);
        if (like > best) {
            best = like;
            *ret_shift = (segment.p_vaddr & ~(PAGE - 1)) - mapping->start;
        }
    }
    return best > 0;
}
