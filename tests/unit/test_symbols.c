/* symbols_resolve and elf_file on this program, libc, and ELF files made here: whole, stripped, cut and damaged. */
#include "base/arena.h"
#include "base/memory.h"
#include "snapshot/elf_file.h"
#include "snapshot/modules.h"
#include "snapshot/symbols.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BIAS 0x7f0000000000ul
#define QUERIES_MAX 64
#define SEEDS 10000

static char folder[] = "/tmp/test_symbols.XXXXXX";
static struct arena arena;

/* --- fixtures ---------------------------------------------------------------------------------------------------- */

static const char library_source[] =
    "__asm__(\".text\\n.globl odd\\n.type odd,@function\\nodd: nop\\nnop\\n.size odd,.-odd\\n.skip 64,0xcc\\n\");\n"
    "static __attribute__((noinline, used)) int local_one(int x) { return x * 3; }\n"
    "int whole_one(int x) { return local_one(x) + 1; }\n"
    "int whole_two(int x) { return local_one(x) + 2; }\n"
    "int short_name(int x) __attribute__((alias(\"whole_two\")));\n"
    "int __short(int x) __attribute__((alias(\"whole_two\")));\n"
    "int a(int x) __attribute__((weak, alias(\"whole_two\")));\n";

static const char assembly_source[] = ".text\n"
                                      ".globl first, bare, last\n.type early,@function\n"
                                      ".type first,@function\nfirst: .skip 16,0x90\n.size first,16\n"
                                      ".skip 16,0x90\n"
                                      "bare: .skip 32,0x90\n"
                                      ".type last,@function\nlast: .skip 16,0x90\n.size last,16\n"
                                      ".skip 16,0x90\n"
                                      ".type outer,@function\nouter: .skip 8,0x90\n"
                                      ".type inner,@function\ninner: .skip 8,0x90\n.size inner,8\n"
                                      ".skip 16,0x90\n.size outer,32\n"
                                      ".type late,@function\nlate: .skip 8,0x90\n"
                                      "early: .skip 8,0x90\n.size early,8\n.size late,16\n"
                                      ".globl versioned_1\n.type versioned_1,@function\n"
                                      "versioned_1: .skip 16,0x90\n.size versioned_1,16\n"
                                      ".symver versioned_1,versioned@@NEWEST\n";

static const char *in_folder(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
    char command[1024];
    int len = snprintf(command, sizeof(command), "cd %s && ", folder);
    va_list args;

    va_start(args, format);
    vsnprintf(command + len, sizeof(command) - (size_t)len, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *name, char **ret_bytes)
{
    FILE *file = fopen(in_folder(name), "r");
    struct stat st;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    *ret_bytes = malloc((size_t)st.st_size);
    assert_non_null(*ret_bytes);
    assert_int_equal(fread(*ret_bytes, 1, (size_t)st.st_size, file), st.st_size);
    fclose(file);
    return (size_t)st.st_size;
}

/* What nm says of a symbol in a file of the folder. */
static uint64_t address_of(const char *file, const char *symbol)
{
    char command[512];
    char name[256];
    char *line = NULL;
    size_t size = 0;
    unsigned long value = 0;
    unsigned long found = 0;
    FILE *nm;

    snprintf(command, sizeof(command), "nm --defined-only %s", in_folder(file));
    nm = popen(command, "r");
    assert_non_null(nm);
    while (getline(&line, &size, nm) > 0)
        if (sscanf(line, "%lx %*c %255s", &value, name) == 2 && strcmp(name, symbol) == 0)
            found = value;
    free(line);
    assert_int_equal(pclose(nm), 0);
    assert_int_not_equal(found, 0);
    return found;
}

static int make_fixtures(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file("library.c", library_source, sizeof(library_source) - 1);
    write_file("assembly.s", assembly_source, sizeof(assembly_source) - 1);
    write_file("versions", "NEWEST { global: *; };", 22);
    run("cc -O2 -shared -fPIC -Wl,--build-id=0x0123456789abcdef library.c -o whole.so");
    run("cp whole.so stripped.so && strip -s stripped.so");
    run("objcopy --only-keep-debug whole.so linked.debug && cp stripped.so linked.so");
    run("objcopy --add-gnu-debuglink=linked.debug linked.so");
    run("mkdir -p hidden/.debug && cp linked.so hidden && cp linked.debug hidden/.debug");
    run("cc -O2 -shared -fPIC -Wl,--build-id=0x0123456789abcdee library.c -o other.so");
    run("mkdir -p wrong && cp linked.so wrong && objcopy --only-keep-debug other.so wrong/linked.debug");
    run("cc -shared -nostdlib -Wl,--version-script=versions assembly.s -o assembly.so");
    run("cc -O2 -shared -fPIC -nostdlib -Wl,--build-id=0x0123456789abcdef,-z,noseparate-code library.c -o small.so");
    return 0;
}

static int remove_fixtures(void **state)
{
    (void)state;
    arena_release(&arena);
    return chdir("/") != 0 || (run("rm -rf %s", folder), 0);
}

static struct module module_at(const char *path)
{
    return (struct module){.path = path, .bias = BIAS, .unloaded = UINT32_MAX};
}

static struct module fixture(const char *name)
{
    struct module module = module_at(in_folder(name));

    memcpy(module.build_id, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    module.build_id_len = 8;
    return module;
}

static const char *name_at(const struct module *module, uint64_t address)
{
    struct symbol_query query = {.pc = module->bias + address};

    assert_int_equal(symbols_resolve(module, &query, 1, &arena), 0);
    assert_non_null(query.name);
    return query.name;
}

static const char *by_offset(const char *file, uint64_t address)
{
    static char names[4][256];
    static unsigned next;
    char *name = names[next++ % 4];

    snprintf(name, sizeof(names[0]), "%s+0x%lx", file, (unsigned long)address);
    return name;
}

/* --- this process ------------------------------------------------------------------------------------------------ */

static __attribute__((noinline)) int a_static_function(int x)
{
    __asm__ volatile("");
    return x + 1;
}

__attribute__((noinline)) int a_global_function(int x)
{
    __asm__ volatile("");
    return x + 2;
}

struct search {
    uintptr_t address;
    struct module *module;
};

static int take_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

        if (search->address >= start && search->address - start < info->dlpi_phdr[i].p_memsz) {
            *search->module = module_at(info->dlpi_name[0] != '\0' ? info->dlpi_name : "/proc/self/exe");
            search->module->bias = info->dlpi_addr;
            return 1;
        }
    }
    return 0;
}

static struct module loaded_module(const void *address)
{
    struct module module;
    struct search search = {.address = (uintptr_t)address, .module = &module};

    assert_int_equal(dl_iterate_phdr(take_module, &search), 1);
    return module;
}

static const char *name_of_loaded(const void *address)
{
    struct module module = loaded_module(address);

    return name_at(&module, (uintptr_t)address - module.bias);
}

static void functions_of_the_own_program_are_named(void **state)
{
    (void)state;
    assert_int_equal(a_static_function(1) + a_global_function(1), 5);
    assert_string_equal(name_of_loaded((char *)(uintptr_t)a_static_function + 1), "a_static_function");
    assert_string_equal(name_of_loaded((char *)(uintptr_t)a_global_function + 1), "a_global_function");
    assert_string_equal(name_of_loaded((void *)(uintptr_t)a_global_function), "a_global_function");
}

static void functions_of_libc_are_named_as_dlsym_finds_them(void **state)
{
    static const char *const names[] = {"malloc", "free", "fopen", "printf", "qsort", "getenv", "regcomp", "dlopen"};
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

    (void)state;
    assert_non_null(libc);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        void *address = dlsym(libc, names[i]);

        assert_non_null(address);
        assert_string_equal(name_of_loaded(address), names[i]);
        assert_string_equal(name_of_loaded((char *)address + 1), names[i]);
    }
    dlclose(libc);
}

static void a_function_of_libc_is_named_as_dladdr_does(void **state)
{
    Dl_info info;

    (void)state;
    assert_int_not_equal(dladdr((void *)(uintptr_t)getenv, &info), 0);
    assert_ptr_equal(info.dli_saddr, (void *)(uintptr_t)getenv);
    assert_string_equal(name_of_loaded((char *)info.dli_saddr + 4), info.dli_sname);
}

/* --- which table ------------------------------------------------------------------------------------------------- */

static void a_symbol_table_names_static_functions(void **state)
{
    struct module module = fixture("whole.so");

    (void)state;
    assert_string_equal(name_at(&module, address_of("whole.so", "local_one")), "local_one");
    assert_string_equal(name_at(&module, address_of("whole.so", "whole_one")), "whole_one");
}

static void a_stripped_file_names_what_it_exports(void **state)
{
    struct module module = fixture("stripped.so");
    uint64_t local = address_of("whole.so", "local_one");

    (void)state;
    assert_string_equal(name_at(&module, address_of("whole.so", "whole_one") + 1), "whole_one");
    assert_string_equal(name_at(&module, local), by_offset("stripped.so", local));
}

static void all_pcs_of_an_unnamed_function_share_one_name(void **state)
{
    struct module module = fixture("stripped.so");
    uint64_t local = address_of("whole.so", "local_one");
    struct symbol_query queries[] = {{.pc = BIAS + local}, {.pc = BIAS + local + 1}, {.pc = BIAS + local + 2}};

    (void)state;
    assert_int_equal(symbols_resolve(&module, queries, 3, &arena), 0);
    assert_string_equal(queries[2].name, by_offset("stripped.so", local));
    assert_ptr_equal(queries[0].name, queries[1].name);
    assert_ptr_equal(queries[0].name, queries[2].name);
}

static void a_debug_link_leads_to_the_debug_file(void **state)
{
    struct module beside = fixture("linked.so");
    struct module hidden = fixture("hidden/linked.so");
    uint64_t local = address_of("whole.so", "local_one");

    (void)state;
    assert_string_equal(name_at(&beside, local), "local_one");
    assert_string_equal(name_at(&hidden, local), "local_one");
}

static void a_debug_file_of_another_build_is_refused(void **state)
{
    struct module module = fixture("wrong/linked.so");
    uint64_t local = address_of("whole.so", "local_one");

    (void)state;
    assert_string_equal(name_at(&module, local), by_offset("linked.so", local));
    assert_string_equal(name_at(&module, address_of("whole.so", "whole_one")), "whole_one");
}

static void a_debug_file_needs_a_build_id(void **state)
{
    struct module module = fixture("linked.so");
    uint64_t local = address_of("whole.so", "local_one");

    (void)state;
    module.build_id_len = 0;
    assert_string_equal(name_at(&module, local), by_offset("linked.so", local));
    assert_string_equal(name_at(&module, address_of("whole.so", "whole_one")), "whole_one");
}

static void a_file_of_another_build_is_refused(void **state)
{
    struct module module = fixture("other.so");
    uint64_t address = address_of("other.so", "whole_one");

    (void)state;
    assert_string_equal(name_at(&module, address + 1), by_offset("other.so", address + 1));
    module.build_id[7] = 0xee;
    assert_string_equal(name_at(&module, address + 1), "whole_one");
    module.build_id_len = 7;
    assert_string_equal(name_at(&module, address + 1), by_offset("other.so", address + 1));
}

static void a_file_that_cannot_be_read_names_by_offset(void **state)
{
    struct module missing = fixture("missing.so");
    struct module folder_itself = fixture("hidden");
    struct module source = fixture("library.c");
    struct module vdso = module_at("[vdso]");
    struct module fifo;

    (void)state;
    run("mkfifo fifo.so");
    fifo = fixture("fifo.so");
    assert_string_equal(name_at(&missing, 0x123), "missing.so+0x123");
    assert_string_equal(name_at(&folder_itself, 0x123), "hidden+0x123");
    assert_string_equal(name_at(&source, 0x123), "library.c+0x123");
    assert_string_equal(name_at(&vdso, 0x123), "[vdso]+0x123");
    assert_string_equal(name_at(&fifo, 0x123), "fifo.so+0x123");
}

static void a_path_that_cannot_be_shown_is_made_fit(void **state)
{
    struct module control = module_at("/missing/a\x01\xff z");
    struct module empty = module_at("");
    struct module utf8 = module_at("/missing/gr\xc3\xb6\xc3\x9f"
                                   "e");

    (void)state;
    assert_string_equal(name_at(&control, 1), "a?? z+0x1");
    assert_string_equal(name_at(&empty, 1), "?+0x1");
    assert_string_equal(name_at(&utf8, 1), "gr\xc3\xb6\xc3\x9f"
                                           "e+0x1");
}

/* --- which symbol ------------------------------------------------------------------------------------------------ */

static void a_pc_past_the_end_of_a_function_is_named_by_offset(void **state)
{
    struct module module = fixture("whole.so");
    uint64_t odd = address_of("whole.so", "odd");

    (void)state;
    assert_string_equal(name_at(&module, odd), "odd");
    assert_string_equal(name_at(&module, odd + 1), "odd");
    assert_string_equal(name_at(&module, odd + 2), by_offset("whole.so", odd + 2));
    assert_string_equal(name_at(&module, odd + 40), by_offset("whole.so", odd + 40));
}

static void the_best_of_several_names_is_taken(void **state)
{
    struct module whole = fixture("whole.so");
    struct module stripped = fixture("stripped.so");
    uint64_t address = address_of("whole.so", "whole_two");

    (void)state;
    /* Not "a", which is weak; not "__short"; "whole_two" before "short_name", which is longer. */
    assert_string_equal(name_at(&whole, address + 1), "whole_two");
    assert_string_equal(name_at(&stripped, address + 1), "whole_two");
}

static void the_innermost_function_names_a_pc(void **state)
{
    struct module module = module_at(in_folder("assembly.so"));
    uint64_t outer = address_of("assembly.so", "outer");

    (void)state;
    assert_string_equal(name_at(&module, outer + 7), "outer");
    assert_string_equal(name_at(&module, outer + 8), "inner");
    assert_string_equal(name_at(&module, outer + 15), "inner");
    assert_string_equal(name_at(&module, outer + 16), "outer");
    assert_string_equal(name_at(&module, outer + 31), "outer");
    /* In whatever order the two stand in the table. */
    assert_string_equal(name_at(&module, outer + 32), "late");
    assert_string_equal(name_at(&module, outer + 40), "early");
}

static void queries_of_one_function_share_its_name(void **state)
{
    struct module module = module_at(in_folder("assembly.so"));
    uint64_t outer = BIAS + address_of("assembly.so", "outer");
    struct symbol_query queries[] = {{.pc = outer}, {.pc = outer}, {.pc = outer + 9}, {.pc = outer + 20}};

    (void)state;
    assert_int_equal(symbols_resolve(&module, queries, 4, &arena), 0);
    assert_string_equal(queries[2].name, "inner");
    assert_ptr_equal(queries[0].name, queries[1].name);
    assert_ptr_equal(queries[0].name, queries[3].name);
}

static void a_symbol_without_size_names_what_follows_it(void **state)
{
    struct module module = module_at(in_folder("assembly.so"));
    uint64_t bare = address_of("assembly.so", "bare");

    (void)state;
    assert_string_equal(name_at(&module, bare), "bare");
    assert_string_equal(name_at(&module, bare + 31), "bare");
    assert_string_equal(name_at(&module, bare + 32), "last");
    /* Behind the end of `last` nothing is known, and what lies before `bare` is not its own. */
    assert_string_equal(name_at(&module, bare + 48), by_offset("assembly.so", bare + 48));
    assert_string_equal(name_at(&module, bare - 1), by_offset("assembly.so", bare - 1));
}

static void a_symbol_without_size_names_nothing_in_another_section(void **state)
{
    struct module module = module_at(in_folder("sections.so"));
    struct symbol_query queries[2];
    uint64_t alone;

    (void)state;
    run("printf '.text\\nalone: .skip 16,0x90\\n.section next,\"ax\"\\n.skip 16,0x90\\n' > sections.s");
    run("cc -shared -nostdlib sections.s -o sections.so");
    alone = address_of("sections.so", "alone");
    queries[0].pc = BIAS + alone + 15;
    queries[1].pc = BIAS + alone + 16;
    assert_int_equal(symbols_resolve(&module, queries, 2, &arena), 0);
    assert_string_equal(queries[0].name, "alone");
    assert_string_equal(queries[1].name, by_offset("sections.so", alone + 16));
    assert_string_equal(name_at(&module, alone + 16), by_offset("sections.so", alone + 16));
}

static void a_symbol_without_size_in_an_incomplete_table_names_nothing(void **state)
{
    struct module module = module_at(in_folder("exports.so"));
    uint64_t bare = address_of("assembly.so", "bare");

    (void)state;
    run("cp assembly.so exports.so && strip -s exports.so");
    assert_string_equal(name_at(&module, bare), by_offset("exports.so", bare));
    assert_string_equal(name_at(&module, bare + 32), "last");
}

static void a_symbol_whose_section_was_renumbered_is_named(void **state)
{
    struct module module = module_at(in_folder("renumbered.so"));

    (void)state;
    run("objcopy -R .note.gnu.build-id -R .gnu.hash stripped.so renumbered.so");
    assert_string_equal(name_at(&module, address_of("whole.so", "whole_one")), "whole_one");
}

static void a_version_is_not_part_of_a_name(void **state)
{
    struct module module = module_at(in_folder("assembly.so"));
    uint64_t address = address_of("assembly.so", "versioned@@NEWEST");

    (void)state;
    assert_string_equal(name_at(&module, address + 3), "versioned");
}

static void a_name_that_is_not_clean_utf8_is_not_used(void **state)
{
    static const char *const bad[] = {"\x01stat",     "sta\x7f",  "\xff",     "\xc1\xa1",
                                      "\xed\xa0\x80", "\xc2\x85", "\xe2\x82", ""};
    char *bytes;
    size_t len = read_file("assembly.so", &bytes);
    uint64_t inner = address_of("assembly.so", "inner");
    char *name = memmem(bytes, len, "\0inner", 7);
    struct module module = module_at(in_folder("unclean.so"));

    (void)state;
    assert_non_null(name);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        strcpy(name + 1, bad[i]);
        write_file("unclean.so", bytes, len);
        assert_string_equal(name_at(&module, inner + 1), "outer");
    }
    strcpy(name + 1, "\xc3\xa9t\xc2\xb7");
    write_file("unclean.so", bytes, len);
    assert_string_equal(name_at(&module, inner + 1), "\xc3\xa9t\xc2\xb7");
    free(bytes);
}

static void a_function_whose_name_is_unusable_is_named_by_offset(void **state)
{
    char *bytes;
    size_t len = read_file("assembly.so", &bytes);
    uint64_t last = address_of("assembly.so", "last");
    struct module module = module_at(in_folder("unclean.so"));

    (void)state;
    for (char *at = bytes; (at = memmem(at, len - (size_t)(at - bytes), "\0last", 6)) != NULL;)
        at[1] = '\x02';
    write_file("unclean.so", bytes, len);
    free(bytes);
    /* Not `bare`, which has no size and lies before it. */
    assert_string_equal(name_at(&module, last - 1), "bare");
    assert_string_equal(name_at(&module, last + 1), by_offset("unclean.so", last + 1));
}

static void a_long_name_is_kept_whole_and_a_longer_one_is_not_used(void **state)
{
    static const size_t lengths[] = {255, 256, 257, 4096, 32767, 32768, 40000};
    static char name[40001];
    static char source[130000];
    struct module module = module_at(in_folder("long.so"));

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint64_t address;
        int len;

        memset(name, 'n', lengths[i]);
        len = snprintf(source, sizeof(source), "mark: .type %s,@function\n%s: .skip 16,0x90\n.size %s,16\n", name, name,
                       name);
        write_file("long.s", source, (size_t)len);
        run("cc -shared -nostdlib long.s -o long.so");
        address = address_of("long.so", "mark");
        assert_string_equal(name_at(&module, address), lengths[i] < 32768 ? name : by_offset("long.so", address));
    }
}

/* --- damage ------------------------------------------------------------------------------------------------------ */

/* Asks for pcs all over a file, and for the last ones there are; all must be named. */
static void ask_everywhere(const struct module *module)
{
    struct symbol_query queries[QUERIES_MAX];
    struct elf_file file = ELF_FILE_CLOSED;
    uint64_t used = memory_used();
    int next_fd = dup(STDERR_FILENO);
    struct arena own = {0};
    char link[32];

    close(next_fd);
    for (size_t i = 0; i < QUERIES_MAX - 2; i++)
        queries[i] = (struct symbol_query){.pc = module->bias + 0x10 + i * 0x18};
    queries[QUERIES_MAX - 2] = (struct symbol_query){.pc = UINTPTR_MAX - 1};
    queries[QUERIES_MAX - 1] = (struct symbol_query){.pc = UINTPTR_MAX};
    assert_int_equal(symbols_resolve(module, queries, QUERIES_MAX, &own), 0);
    for (size_t i = 0; i < QUERIES_MAX; i++)
        assert_true(queries[i].name != NULL && queries[i].name[0] != '\0');
    arena_release(&own);
    if (elf_file_open(module->path, &file) == 0 && elf_file_debug_link(&file, link, sizeof(link)) == 0)
        assert_true(strlen(link) < sizeof(link));
    elf_file_close(&file);
    assert_int_equal(memory_used(), used);
    assert_int_equal(dup(STDERR_FILENO), next_fd);
    close(next_fd);
}

static void nothing_stays_open_or_mapped(void **state)
{
    static const char *const names[] = {"whole.so", "linked.so", "wrong/linked.so", "other.so", "missing.so", "hidden"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct module module = fixture(names[i]);

        ask_everywhere(&module);
    }
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
    struct module proven = fixture("cut.so");
    struct module unproven = module_at(in_folder("cut.so"));
    char *bytes;
    size_t len = read_file("small.so", &bytes);

    (void)state;
    for (size_t cut = 0; cut < len; cut += 64) {
        write_file("cut.so", bytes, cut);
        ask_everywhere(&proven);
        ask_everywhere(&unproven);
    }
    free(bytes);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Flips bits where the structure is (headers, tables of symbols, of sections) more often than elsewhere. */
static void damage(char *bytes, size_t len, uint64_t seed)
{
    uint64_t state = seed;
    uint64_t flips = 1 + next_random(&state) % 32;
    const Elf64_Ehdr header = *(const Elf64_Ehdr *)bytes;

    while (flips-- > 0) {
        uint64_t at = next_random(&state) % len;

        switch (next_random(&state) % 4) {
        case 0:
            at = sizeof(header) + at % (header.e_phnum * sizeof(Elf64_Phdr));
            break;
        case 1:
            at = header.e_shoff + at % (header.e_shnum * sizeof(Elf64_Shdr));
            break;
        default:
            break;
        }
        bytes[at] ^= (char)(1u << (next_random(&state) % 8));
    }
}

static void random_damage_does_no_harm(void **state)
{
    static const char *const fixtures[] = {"small.so", "linked.so"};
    struct module module = module_at(in_folder("damaged.so"));

    (void)state;
    run("cp small.so damaged.so");
    for (size_t f = 0; f < 2; f++) {
        char *whole;
        size_t len = read_file(fixtures[f], &whole);
        char *bytes = malloc(len);
        int fd = open(in_folder("damaged.so"), O_WRONLY | O_TRUNC);

        assert_true(fd >= 0 && bytes != NULL);
        for (uint64_t seed = 0; seed < SEEDS / 2; seed++) {
            memcpy(bytes, whole, len);
            damage(bytes, len, seed);
            assert_int_equal(pwrite(fd, bytes, len, 0), len);
            ask_everywhere(&module);
        }
        close(fd);
        free(bytes);
        free(whole);
    }
}

static void a_file_that_shrinks_while_it_is_read_is_an_error(void **state)
{
    struct elf_file file = ELF_FILE_CLOSED;
    char byte;

    (void)state;
    run("cp small.so shrinks.so");
    assert_int_equal(elf_file_open(in_folder("shrinks.so"), &file), 0);
    assert_int_equal(elf_file_read(&file, 4096, &byte, 1), 0);
    assert_int_equal(truncate(in_folder("shrinks.so"), 4096), 0);
    assert_int_equal(elf_file_read(&file, 4096, &byte, 1), -ENODATA);
    assert_int_equal(elf_file_read(&file, UINT64_MAX, &byte, 1), -ENODATA);
    assert_int_equal(elf_file_read(&file, 4000, &byte, 1), 0);
    elf_file_close(&file);
    elf_file_close(&file);
}

/* A function of 20,000 bytes, each of them asked for, with 60,000 names: 1.2 billion visits if nothing stopped it. */
static void a_table_in_which_everything_overlaps_is_refused(void **state)
{
    enum { N = 20000, NAMES = 60000 };
    struct symbol_query *queries = calloc(N, sizeof(*queries));
    struct module module = module_at(in_folder("overlap.so"));
    FILE *source = fopen(in_folder("overlap.s"), "w");
    uint64_t address;

    (void)state;
    assert_true(queries != NULL && source != NULL);
    fprintf(source, ".text\nmark: .skip %d,0x90\n", N);
    for (int i = 0; i < NAMES; i++)
        fprintf(source, ".type f%d,@function\n.set f%d,mark\n.size f%d,%d\n", i, i, i, N);
    assert_int_equal(fclose(source), 0);
    run("cc -shared -nostdlib overlap.s -o overlap.so");
    address = address_of("overlap.so", "mark");
    for (size_t i = 0; i < N; i++)
        queries[i].pc = BIAS + address + i;
    assert_int_equal(symbols_resolve(&module, queries, N, &arena), 0);
    /* The budget of work has refused the table; without one this would take hours. */
    assert_string_equal(queries[0].name, by_offset("overlap.so", address));
    /* One address with as many names is no more than a linker that folds equal functions makes. */
    assert_string_equal(name_at(&module, address + 5), "f0");
    free(queries);
}

static void without_memory_nothing_is_named_and_nothing_kept(void **state)
{
    struct module module = fixture("whole.so");
    struct symbol_query query = {.pc = BIAS + address_of("whole.so", "whole_one")};
    struct arena own = {0};
    uint64_t used = memory_used();
    int ret = -ENOMEM;

    (void)state;
    for (uint64_t room = 0; ret == -ENOMEM; room += 4096) {
        memory_set_cap(used + room + 1);
        ret = symbols_resolve(&module, &query, 1, &own);
        arena_release(&own);
        assert_int_equal(memory_used(), used);
    }
    memory_set_cap(0);
    assert_int_equal(ret, 0);
}

static void no_queries_need_no_file(void **state)
{
    struct module module = module_at("/missing");

    (void)state;
    assert_int_equal(symbols_resolve(&module, NULL, 0, &arena), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_the_own_program_are_named),
        cmocka_unit_test(functions_of_libc_are_named_as_dlsym_finds_them),
        cmocka_unit_test(a_function_of_libc_is_named_as_dladdr_does),
        cmocka_unit_test(a_symbol_table_names_static_functions),
        cmocka_unit_test(a_stripped_file_names_what_it_exports),
        cmocka_unit_test(all_pcs_of_an_unnamed_function_share_one_name),
        cmocka_unit_test(a_debug_link_leads_to_the_debug_file),
        cmocka_unit_test(a_debug_file_of_another_build_is_refused),
        cmocka_unit_test(a_debug_file_needs_a_build_id),
        cmocka_unit_test(a_file_of_another_build_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_read_names_by_offset),
        cmocka_unit_test(a_path_that_cannot_be_shown_is_made_fit),
        cmocka_unit_test(a_pc_past_the_end_of_a_function_is_named_by_offset),
        cmocka_unit_test(the_best_of_several_names_is_taken),
        cmocka_unit_test(the_innermost_function_names_a_pc),
        cmocka_unit_test(queries_of_one_function_share_its_name),
        cmocka_unit_test(a_symbol_without_size_names_what_follows_it),
        cmocka_unit_test(a_symbol_without_size_names_nothing_in_another_section),
        cmocka_unit_test(a_symbol_without_size_in_an_incomplete_table_names_nothing),
        cmocka_unit_test(a_symbol_whose_section_was_renumbered_is_named),
        cmocka_unit_test(a_version_is_not_part_of_a_name),
        cmocka_unit_test(a_name_that_is_not_clean_utf8_is_not_used),
        cmocka_unit_test(a_function_whose_name_is_unusable_is_named_by_offset),
        cmocka_unit_test(a_long_name_is_kept_whole_and_a_longer_one_is_not_used),
        cmocka_unit_test(nothing_stays_open_or_mapped),
        cmocka_unit_test(a_file_cut_anywhere_does_no_harm),
        cmocka_unit_test(random_damage_does_no_harm),
        cmocka_unit_test(a_file_that_shrinks_while_it_is_read_is_an_error),
        cmocka_unit_test(a_table_in_which_everything_overlaps_is_refused),
        cmocka_unit_test(without_memory_nothing_is_named_and_nothing_kept),
        cmocka_unit_test(no_queries_need_no_file),
    };

    return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
