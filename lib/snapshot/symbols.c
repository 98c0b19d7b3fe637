/* Names of functions. Owns what it maps for the time of one call; called by the snapshot, in leaktrace's own thread. */
#include "snapshot/symbols.h"

#include "base/arena.h"
#include "base/scratch.h"
#include "base/text.h"
#include "snapshot/debug_file.h"
#include "snapshot/elf_file.h"
#include "snapshot/elf_frames.h"
#include "snapshot/modules.h"
#include "snapshot/symbol_name.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BASE_SIZE 256
#define BLOCK_SYMBOLS 4096
/* What one table may cost, in visits of a query: a table in which everything overlaps is refused, not suffered. */
#define WORK_BASE (1ull << 26)
#define WORK_PER_QUERY 1024
#define WORK_PER_NAME 64

/* A symbol that may name a query. */
struct candidate {
    uint64_t start;
    uint64_t limit; /* it names no address from here on */
    uint32_t name;  /* where in the strings */
    uint8_t rank;   /* the lower the better */
    bool set;
};

/* What is known of one query. */
struct answer {
    uint64_t address; /* in the file */
    uint64_t label;   /* what names it when no symbol does */
    uint64_t floor;   /* functions begin or end here, so no symbol without size that lies before names the query */
    struct candidate sized;
    struct candidate unsized;
    bool covered; /* a symbol with a size covers it, be its name usable or not */
};

/* A name that was copied into the arena. */
struct copied {
    uint64_t key;
    bool is_label;
    const char *name; /* NULL: free */
};

struct resolution {
    const struct module *module;
    struct symbol_query *queries;
    size_t n;
    struct arena *arena;
    struct elf_file file;
    struct elf_file debug;
    const struct elf_file *source; /* which of them has the table in use; NULL when there is none */
    struct elf_file_symbols table;
    bool complete; /* the table has all functions, not just the exported ones */
    uint64_t work;
    struct answer *answers;
    struct copied *copies; /* open addressing, never more than half full */
    size_t n_copies;       /* a power of two */
    char base[BASE_SIZE];
    struct symbol_name name;
    struct symbol_name rival;
    Elf64_Sym block[BLOCK_SYMBOLS];
};

/* Reads a symbol's name; false when it is none to show. */
static bool read_name(struct resolution *r, uint32_t at, struct symbol_name *name)
{
    if (name->at != at)
        r->work += WORK_PER_NAME + symbol_name_read(r->source, &r->table, at, name) / 8;
    return name->len > 0;
}

/* Whether `candidate`, whose name is in r->name, names a query better than `best`. */
static bool is_better(struct resolution *r, const struct candidate *candidate, const struct candidate *best)
{
    if (!best->set)
        return true;
    if (candidate->start != best->start)
        return candidate->start > best->start;
    if (candidate->rank != best->rank)
        return candidate->rank < best->rank;
    return candidate->name != best->name && read_name(r, best->name, &r->rival) && symbol_name_precedes(&r->name, &r->rival);
}

static uint8_t rank_of(const Elf64_Sym *symbol)
{
    unsigned bind = ELF64_ST_BIND(symbol->st_info);
    unsigned rank = bind == STB_LOCAL ? 2 : bind == STB_WEAK ? 1 : 0;

    return (uint8_t)(ELF64_ST_TYPE(symbol->st_info) == STT_NOTYPE ? rank + 3 : rank);
}

static size_t first_query_at(const struct resolution *r, uint64_t address)
{
    size_t low = 0;
    size_t high = r->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->answers[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_within_work(const struct resolution *r)
{
    return r->work <= WORK_BASE + r->n * WORK_PER_QUERY;
}

static void raise_floor(struct answer *answer, uint64_t address)
{
    if (answer->floor < address)
        answer->floor = address;
}

/* Offers a symbol to all queries inside it. */
static void weigh_sized(struct resolution *r, const struct candidate *candidate, size_t first)
{
    size_t i = first;
    bool usable = r->answers[i].address < candidate->limit && read_name(r, candidate->name, &r->name);

    for (; i < r->n && r->answers[i].address < candidate->limit && is_within_work(r); i++) {
        struct answer *answer = &r->answers[i];

        r->work++;
        answer->covered = true;
        if (usable && is_better(r, candidate, &answer->sized))
            answer->sized = *candidate;
    }
    if (i < r->n)
        raise_floor(&r->answers[i], candidate->limit);
}

/* Offers a symbol without size to the first query behind it; from there it is carried on by carry_forward. */
static void weigh_unsized(struct resolution *r, const struct candidate *candidate, size_t first)
{
    struct answer *answer = &r->answers[first];

    if (answer->address >= candidate->limit)
        return;
    if (!read_name(r, candidate->name, &r->name))
        raise_floor(answer, candidate->start + 1);
    else if (is_better(r, candidate, &answer->unsized))
        answer->unsized = *candidate;
}

static void weigh_symbol(struct resolution *r, const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    const struct elf_file_range *section;
    struct candidate candidate;
    size_t first;

    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
        return;
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE || (symbol->st_size == 0 && !r->complete))
        return;
    section = elf_file_code_at(r->source, symbol->st_value);
    if (section == NULL)
        return;
    first = first_query_at(r, symbol->st_value);
    if (first == r->n)
        return;
    candidate = (struct candidate){.start = symbol->st_value,
                                   .limit = section->limit,
                                   .name = symbol->st_name,
                                   .rank = rank_of(symbol),
                                   .set = true};
    if (symbol->st_size == 0) {
        weigh_unsized(r, &candidate, first);
        return;
    }
    if (symbol->st_size < candidate.limit - candidate.start)
        candidate.limit = candidate.start + symbol->st_size;
    weigh_sized(r, &candidate, first);
}

static void forget_table(struct resolution *r)
{
    r->source = NULL;
    r->work = 0;
    r->name.at = SYMBOL_NAME_NONE;
    r->rival.at = SYMBOL_NAME_NONE;
    for (size_t i = 0; i < r->n; i++) {
        uint64_t address = r->queries[i].pc - r->module->bias;

        r->answers[i] = (struct answer){.address = address, .label = address};
    }
}

/* Puts a table to use: one pass over its symbols finds the best one of each query. */
static int scan_table(struct resolution *r, const struct elf_file *file, uint32_t type)
{
    int ret = elf_file_symbols(file, type, &r->table);

    if (ret < 0)
        return ret;
    r->source = file;
    r->complete = type == SHT_SYMTAB;
    for (uint64_t at = 0; at < r->table.count && ret == 0; at += BLOCK_SYMBOLS) {
        uint64_t left = r->table.count - at;
        size_t n = left < BLOCK_SYMBOLS ? (size_t)left : BLOCK_SYMBOLS;

        ret = elf_file_read(file, r->table.offset + at * sizeof(Elf64_Sym), r->block, n * sizeof(Elf64_Sym));
        for (size_t i = 0; i < n && ret == 0; i++) {
            weigh_symbol(r, &r->block[i]);
            ret = is_within_work(r) ? 0 : -E2BIG;
        }
    }
    if (ret < 0)
        forget_table(r);
    return ret;
}

/* Opens the module's file, if there is one and it is the one that was loaded, and puts the best table to use. */
static void find_table(struct resolution *r)
{
    if (r->module->path[0] == '[' || elf_file_open(r->module->path, &r->file) < 0)
        return;
    if (r->module->build_id_len != 0 && !debug_file_has_build_id(&r->file, r->module)) {
        elf_file_close(&r->file);
        return;
    }
    if (scan_table(r, &r->file, SHT_SYMTAB) == 0)
        return;
    if (debug_file_open(r->module, &r->file, &r->debug) == 0 && scan_table(r, &r->debug, SHT_SYMTAB) == 0)
        return;
    scan_table(r, &r->file, SHT_DYNSYM);
}

/* Hands on what a query knows of the symbols before it to the queries behind it. */
static void carry_forward(struct resolution *r)
{
    for (size_t i = 1; i < r->n; i++) {
        struct answer *answer = &r->answers[i];

        raise_floor(answer, answer[-1].floor);
        if (!answer->unsized.set)
            answer->unsized = answer[-1].unsized;
    }
}

/* Asks the unwind table about the queries that no symbol with a size names. */
static void find_labels(struct resolution *r)
{
    struct elf_file_range function = {0};
    struct elf_frames frames;

    if (r->file.fd < 0 || elf_frames_load(&r->file, &frames) < 0)
        return;
    for (size_t i = 0; i < r->n; i++) {
        struct answer *answer = &r->answers[i];

        if (answer->sized.set)
            continue;
        if ((answer->address < function.start || answer->address >= function.limit) &&
            elf_frames_function_before(&r->file, &frames, answer->address, &function) < 0)
            continue;
        raise_floor(answer, answer->address < function.limit ? function.start : function.limit);
        if (answer->address < function.limit)
            answer->label = function.start;
    }
    elf_frames_release(&frames);
}

/* The place of a name that was copied, or the free one where it belongs. */
static struct copied *find_copy(struct resolution *r, uint64_t key, bool is_label)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 32) & (r->n_copies - 1);

    while (r->copies[at].name != NULL && (r->copies[at].key != key || r->copies[at].is_label != is_label))
        at = (at + 1) & (r->n_copies - 1);
    return &r->copies[at];
}

static const struct candidate *choose(const struct answer *answer)
{
    if (answer->sized.set)
        return &answer->sized;
    if (!answer->covered && answer->unsized.set && answer->unsized.start >= answer->floor &&
        answer->address < answer->unsized.limit)
        return &answer->unsized;
    return NULL;
}

/* Names a query by a symbol, or by offset when `symbol` is NULL. */
static int name_query(struct resolution *r, size_t i, const struct candidate *symbol)
{
    uint64_t key = symbol != NULL ? symbol->name : r->answers[i].label;
    struct copied *copy = find_copy(r, key, symbol == NULL);
    char buf[BASE_SIZE + 32];
    struct text label = TEXT_ON(buf);

    if (copy->name == NULL) {
        const char *name;

        if (symbol != NULL && !read_name(r, symbol->name, &r->name))
            return -EIO;
        text_format(&label, "%s+0x%lx", r->base, (unsigned long)r->answers[i].label);
        name = symbol != NULL ? arena_strndup(r->arena, r->name.text, r->name.len)
                              : arena_strndup(r->arena, label.buf, label.len);
        if (name == NULL)
            return -ENOMEM;
        *copy = (struct copied){.key = key, .is_label = symbol == NULL, .name = name};
    }
    r->queries[i].name = copy->name;
    return 0;
}

static int name_queries(struct resolution *r)
{
    int ret = 0;

    for (size_t i = 0; i < r->n && ret != -ENOMEM; i++) {
        ret = name_query(r, i, choose(&r->answers[i]));
        if (ret == -EIO) /* the file was truncated after its symbols were read */
            ret = name_query(r, i, NULL);
    }
    return ret;
}

/* The last part of the module's path, made fit to be shown. */
static void set_base(struct resolution *r)
{
    const char *slash = strrchr(r->module->path, '/');
    struct text base = TEXT_ON(r->base);

    text_add(&base, slash != NULL ? slash + 1 : r->module->path);
    if (base.len == 0)
        text_add(&base, "?");
    if (text_is_clean(base.buf, base.len))
        return;
    for (char *at = base.buf; *at != '\0'; at++)
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
}

static int resolve(struct resolution *r)
{
    int ret;

    set_base(r);
    forget_table(r);
    find_table(r);
    carry_forward(r);
    find_labels(r);
    ret = name_queries(r);
    elf_file_close(&r->file);
    elf_file_close(&r->debug);
    return ret;
}

int symbols_resolve(const struct module *module, struct symbol_query *queries, size_t n, struct arena *arena)
{
    struct resolution *r;
    size_t n_copies = 2;
    size_t tables_size;
    char *tables;
    int ret = -ENOMEM;

    if (n == 0)
        return 0;
    while (n_copies < 2 * n)
        n_copies *= 2;
    tables_size = n * sizeof(*r->answers) + n_copies * sizeof(*r->copies);
    r = scratch_take(sizeof(*r));
    if (r == NULL)
        return -ENOMEM;
    tables = scratch_take(tables_size);
    if (tables != NULL) {
        r->module = module;
        r->queries = queries;
        r->n = n;
        r->arena = arena;
        r->file.fd = -1;
        r->debug.fd = -1;
        r->answers = (struct answer *)tables;
        r->copies = (struct copied *)(tables + n * sizeof(*r->answers));
        r->n_copies = n_copies;
        ret = resolve(r);
        scratch_give(tables, tables_size);
    }
    scratch_give(r, sizeof(*r));
    return ret;
}
