/* Finds functions in the kernel's own object, as the loader would. Owns nothing; called by base/sys. */
#include "base/vdso.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

struct tables {
    uintptr_t bias;
    const ElfW(Sym) * symbols;
    const char *strings;
    size_t strings_size;
};

/* Its addresses are not relocated. */
static void read_dynamic(struct tables *tables, const ElfW(Dyn) * dynamic)
{
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_SYMTAB)
            tables->symbols = (const ElfW(Sym) *)(tables->bias + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_STRTAB)
            tables->strings = (const char *)(tables->bias + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_STRSZ)
            tables->strings_size = dynamic->d_un.d_val;
    }
}

static bool read_tables(struct tables *tables)
{
    uintptr_t start = getauxval(AT_SYSINFO_EHDR);
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
    const ElfW(Phdr) * phdr, *dynamic = NULL, *load = NULL;

    if (start == 0)
        return false;
    phdr = (const ElfW(Phdr) *)(start + header->e_phoff);
    for (const ElfW(Phdr) *end = phdr + header->e_phnum; phdr < end; phdr++) {
        if (phdr->p_type == PT_LOAD && load == NULL)
            load = phdr;
        if (phdr->p_type == PT_DYNAMIC)
            dynamic = phdr;
    }
    if (load == NULL || dynamic == NULL)
        return false;
    tables->bias = start + load->p_offset - load->p_vaddr;
    read_dynamic(tables, (const ElfW(Dyn) *)(tables->bias + dynamic->p_vaddr));
    return tables->symbols != NULL && (const char *)tables->symbols < tables->strings;
}

void *vdso_find(const char *name)
{
    struct tables tables = {0};

    if (!read_tables(&tables))
        return NULL;
    /* The names come behind the symbols, which nothing else counts in every kernel's. */
    for (const ElfW(Sym) *symbol = tables.symbols; (const char *)(symbol + 1) <= tables.strings; symbol++)
        if (symbol->st_shndx != SHN_UNDEF && symbol->st_name < tables.strings_size &&
            strcmp(tables.strings + symbol->st_name, name) == 0)
            return (void *)(tables.bias + symbol->st_value);
    return NULL;
}
