/*
 * A program's own definitions. Owns nothing; called by doctor/file.c.
 *
 * The loader looks a name up in the program first, and only then in what is preloaded: a function that the program defines
 * itself is never leaktrace's. For malloc the symbols that are not exported count as well, because a program that is linked
 * with an allocator may have bound its calls to it.
 */
#include "doctor/exports.h"

#include "base/memory.h"
#include "base/text.h"
#include "doctor/binary.h"
#include "doctor/finding.h"

#include <string.h>

#define AT_ONCE 4096
#define NAMED_MAX 4

static const char *const hooked[] = {
#define SYMBOL(result, name, parameters) #name,
#include "hook/symbols.def"
#undef SYMBOL
};

/* A symbol by which something that brings a malloc along is known. */
static const struct {
    const char *symbol;
    const char *what;
} origins[] = {
    {"__asan_init", "AddressSanitizer"},
    {"__hwasan_init", "HWAddressSanitizer"},
    {"__lsan_init", "LeakSanitizer"},
    {"__msan_init", "MemorySanitizer"},
    {"__tsan_init", "ThreadSanitizer"},
    {"mallctl", "jemalloc"},
    {"je_mallctl", "jemalloc"},
    {"tc_version", "tcmalloc"},
    {"TCMalloc_Internal_GetStats", "tcmalloc"},
    {"mi_version", "mimalloc"},
    {"rpmalloc_initialize", "rpmalloc"},
    {"scalable_malloc", "TBB's malloc"},
};

struct own {
    bool has_malloc;
    const char *origin; /* NULL: not known */
    char functions_buf[128];
    struct text functions; /* the first few, but for malloc and its like */
    unsigned n_functions;
};

static bool is_about_heap(const char *name)
{
    return strstr(name, "alloc") != NULL || strstr(name, "memalign") != NULL || strcmp(name, "free") == 0 ||
           strncmp(name, "_Zn", 3) == 0 || strncmp(name, "_Zd", 3) == 0;
}

static void take_hooked(struct own *own, const char *name)
{
    for (size_t i = 0; i < sizeof(hooked) / sizeof(hooked[0]); i++) {
        if (strcmp(hooked[i], name) != 0 || is_about_heap(name))
            continue;
        if (own->n_functions < NAMED_MAX)
            text_format(&own->functions, "%s%s", own->n_functions == 0 ? "" : ", ", name);
        own->n_functions++;
    }
}

static void take_symbol(struct own *own, const char *name, bool is_exported)
{
    if (strcmp(name, "malloc") == 0)
        own->has_malloc = true;
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
        if (strcmp(origins[i].symbol, name) == 0)
            own->origin = origins[i].what;
    if (is_exported)
        take_hooked(own, name);
}

static bool is_own_function(const Elf64_Sym *symbol, size_t strings_size)
{
    return symbol->st_shndx != SHN_UNDEF && symbol->st_name > 0 && symbol->st_name < strings_size &&
           (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC || ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC);
}

static void read_table(struct own *own, const struct elf_file *file, uint32_t type)
{
    struct elf_file_symbols table;
    Elf64_Sym symbols[AT_ONCE];
    char *strings;

    if (elf_file_symbols(file, type, &table) < 0)
        return;
    strings = elf_file_load(file, table.strings, table.strings_size, ELF_FILE_SYMBOLS_BYTES_MAX);
    if (strings == NULL)
        return;
    strings[table.strings_size - 1] = '\0';
    for (uint64_t at = 0; at < table.count; at += AT_ONCE) {
        size_t n = table.count - at < AT_ONCE ? (size_t)(table.count - at) : AT_ONCE;

        if (elf_file_read(file, table.offset + at * sizeof(Elf64_Sym), symbols, n * sizeof(Elf64_Sym)) < 0)
            break;
        for (size_t i = 0; i < n; i++)
            if (is_own_function(&symbols[i], table.strings_size))
                take_symbol(own, strings + symbols[i].st_name, type == SHT_DYNSYM);
    }
    memory_unmap(strings, table.strings_size);
}

static void report_malloc(const struct own *own, struct findings *findings)
{
    bool is_sanitizer = own->origin != NULL && strstr(own->origin, "Sanitizer") != NULL;

    if (is_sanitizer)
        findings_add(findings, FINDING_LIMIT, "heap", "Trace a build without it",
                     "%s is linked into it and brings its own malloc: heap blocks are not seen, files and threads are",
                     own->origin);
    else if (own->has_malloc)
        findings_add(findings, FINDING_LIMIT, "heap", "Link it without the allocator, or with its shared library",
                     "it defines malloc itself%s%s%s: heap blocks are not seen, files and threads are",
                     own->origin == NULL ? "" : " (", own->origin == NULL ? "" : own->origin, own->origin == NULL ? "" : ")");
}

void exports_examine(const struct binary *binary, struct findings *findings)
{
    struct own own = {.has_malloc = false};

    own.functions = (struct text)TEXT_ON(own.functions_buf);
    read_table(&own, &binary->file, SHT_DYNSYM);
    read_table(&own, &binary->file, SHT_SYMTAB);
    report_malloc(&own, findings);
    if (own.n_functions > 0)
        findings_add(findings, FINDING_LIMIT, "functions", NULL,
                     "it defines %u of the functions that leaktrace watches itself (%s%s): what goes through them is not "
                     "seen",
                     own.n_functions, own.functions_buf, own.n_functions > NAMED_MAX ? ", ..." : "");
}
