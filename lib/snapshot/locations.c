/* The table of locations. Owns it, in an arena, for the life of the process; called by dump/ and encode/. No lock: one thread. */
#include "snapshot/locations.h"

#include "base/text.h"
#include "snapshot/modules.h"
#include "snapshot/snapshot.h"
#include "snapshot/symbols.h"
#include "store/epoch.h"
#include "store/stack_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct arena table_arena;
#define TABLE_ARENA (&table_arena)
#include "base/table.h"

#define READY_BYTES (128ul * 1024)

struct key {
    uintptr_t pc;
    uint64_t epoch;
};

struct entry {
    struct key key;
    struct location location;
    struct entry *next_new;
    UT_hash_handle hh;
};

static struct {
    struct entry *by_key;
    struct entry *first_new; /* not named yet */
    uint32_t nodes_done;
} table;

static struct entry *find(const struct key *key)
{
    struct entry *entry;

    HASH_FIND(hh, table.by_key, key, sizeof(*key), entry);
    return entry;
}

/* To be named, now or the next time. */
static void put_back(struct entry *entry)
{
    entry->next_new = table.first_new;
    table.first_new = entry;
}

int locations_add(uintptr_t pc, uint32_t epoch)
{
    struct key key = {.pc = pc, .epoch = epoch};
    struct entry *entry = find(&key);

    if (entry != NULL)
        return 0;
    entry = arena_alloc(&table_arena, sizeof(*entry));
    if (entry == NULL)
        return -ENOMEM;
    entry->key = key;
    entry->location = (struct location){.pc = pc, .module = modules_find(pc, epoch)};
    HASH_ADD(hh, table.by_key, key, sizeof(entry->key), entry);
    if (!TABLE_ADDED(entry))
        return -ENOMEM;
    put_back(entry);
    return 0;
}

/* The frames of all stacks that have come since the last time. */
static int add_nodes(void)
{
    uint32_t count = stack_tree_count();
    bool has_epochs = epoch_module() != 0;

    for (uint32_t node = table.nodes_done + 1; node <= count; node++) {
        if (!stack_tree_is_ready(node))
            continue;
        if (stack_tree_parent(node) != STACK_NODE_NONE &&
            locations_add(stack_tree_pc(node), has_epochs ? stack_tree_epoch(node) : 0) != 0)
            return -ENOMEM;
        if (node == table.nodes_done + 1)
            table.nodes_done = node;
    }
    return 0;
}

/* Moves the new entries of one module, that of the first of them, to `ret_entries`; the number of them. */
static size_t take_module(struct entry **ret_entries)
{
    const struct module *module = table.first_new->location.module;
    struct entry **link = &table.first_new;
    size_t n = 0;

    while (*link != NULL) {
        struct entry *entry = *link;

        if (entry->location.module != module) {
            link = &entry->next_new;
            continue;
        }
        *link = entry->next_new;
        ret_entries[n++] = entry;
    }
    return n;
}

/* Heapsort: libc's qsort allocates. */
static void sort_by_pc(struct entry **entries, size_t n)
{
    for (size_t end = n, root = n / 2; end > 1;) {
        struct entry *moving;
        size_t hole, child;

        if (root > 0) {
            moving = entries[--root];
        } else {
            moving = entries[--end];
            entries[end] = entries[0];
        }
        for (hole = root; (child = 2 * hole + 1) < end; hole = child) {
            if (child + 1 < end && entries[child + 1]->location.pc > entries[child]->location.pc)
                child++;
            if (entries[child]->location.pc <= moving->location.pc)
                break;
            entries[hole] = entries[child];
        }
        entries[hole] = moving;
    }
}

static int name_module(struct entry **entries, size_t n, struct arena *scratch)
{
    struct symbol_query *queries = arena_alloc(scratch, n * sizeof(*queries));
    int result;

    if (queries == NULL)
        return -ENOMEM;
    sort_by_pc(entries, n);
    for (size_t i = 0; i < n; i++)
        queries[i].pc = entries[i]->location.pc;
    result = symbols_resolve(entries[0]->location.module, queries, n, &table_arena);
    for (size_t i = 0; i < n; i++)
        entries[i]->location.function = queries[i].name;
    return result;
}

static int name_new(void)
{
    struct arena scratch = {.is_scratch = true};
    struct entry **entries;
    size_t n = 0;
    int result = 0;

    for (struct entry *entry = table.first_new; entry != NULL; entry = entry->next_new)
        n++;
    entries = arena_alloc(&scratch, n * sizeof(*entries));
    if (entries == NULL)
        return -ENOMEM;
    while (table.first_new != NULL && result == 0) {
        n = take_module(entries);
        if (entries[0]->location.module != NULL)
            result = name_module(entries, n, &scratch);
        for (size_t i = 0; i < n && result != 0; i++)
            put_back(entries[i]);
    }
    arena_release(&scratch);
    return result;
}

int locations_update(bool names)
{
    int result = add_nodes();

    if (names && table.first_new != NULL && result == 0)
        result = name_new();
    return result;
}

const struct location *locations_find(uintptr_t pc, uint32_t epoch)
{
    struct key key = {.pc = pc, .epoch = epoch};
    struct entry *entry = find(&key);

    return entry == NULL ? NULL : &entry->location;
}

/* "file+0x<offset>", as symbols.h has it for what no symbol covers. */
static const char *name_by_offset(const struct location *location)
{
    char buf[256];
    struct text name = TEXT_ON(buf);
    const char *slash = strrchr(location->module->path, '/');

    text_add(&name, slash != NULL ? slash + 1 : location->module->path);
    text_format(&name, "+0x%lx", (unsigned long)(location->pc - location->module->bias));
    return arena_strndup(&table_arena, name.buf, name.len);
}

const char *locations_label(const struct snapshot_label *label, uint32_t epoch)
{
    const struct key key = {.pc = label->code, .epoch = epoch};
    struct entry *entry = label->value != NULL ? NULL : find(&key);

    if (entry == NULL)
        return label->value;
    if (entry->location.function == NULL && entry->location.module != NULL)
        entry->location.function = name_by_offset(&entry->location);
    return entry->location.function;
}

void locations_keep_ready(void)
{
    arena_keep_ready(&table_arena, READY_BYTES);
}

void locations_after_fork(void)
{
    memset(&table, 0, sizeof(table));
    table_arena = (struct arena){0};
}
