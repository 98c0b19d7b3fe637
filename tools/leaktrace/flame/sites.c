/* The sites of a tree. Owns their table while it is built; called by tree.c. */
#include "flame/sites.h"

#include "common.h"
#include "flame/tree.h"
#include "profile/columns.h"

#define TABLE_ARENA arena
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct site_key {
    size_t function;
    int64_t line;
};

struct site_entry {
    struct flame_site site;
    struct site_key key;
    UT_hash_handle hh;
};

/* The innermost frame of the user's own code; the innermost of all where there is none. */
static const struct flame_node *headline_of(const struct flame_functions *functions, const struct flame_node *node)
{
    const struct flame_node *at = node;

    while (at->parent != NULL && functions->rows[at->function].is_plumbing)
        at = at->parent;
    return at->parent == NULL ? node : at;
}

static void add_all(int64_t *sums, const int64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sums[i] = columns_add(sums[i], values[i]);
}

static struct flame_site *find_site(struct arena *arena, struct site_entry **entries, size_t function, int64_t line,
                                    size_t n_columns)
{
    struct site_key key;
    struct site_entry *entry;

    memset(&key, 0, sizeof(key));
    key.function = function;
    key.line = line;
    HASH_FIND(hh, *entries, &key, sizeof(key), entry);
    if (entry == NULL) {
        entry = must_take(arena, sizeof(*entry));
        entry->key = key;
        entry->site = (struct flame_site){.function = key.function,
                                          .line = key.line,
                                          .values = must_take(arena, n_columns * sizeof(int64_t)),
                                          .befores = must_take(arena, n_columns * sizeof(int64_t))};
        HASH_ADD(hh, *entries, key, sizeof(key), entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    return &entry->site;
}

static int compare_sites(const void *a, const void *b, void *context)
{
    const struct flame_site *left = a, *right = b;
    const struct flame_tree *tree = context;
    double x = (double)left->values[tree->chosen], y = (double)right->values[tree->chosen];

    if (tree->has_before) {
        x -= (double)left->befores[tree->chosen];
        y -= (double)right->befores[tree->chosen];
    }
    return (x < y) - (x > y);
}

void flame_sites_build(const struct flame_functions *functions, struct flame_tree *tree)
{
    struct arena *arena = functions->arena;
    struct site_entry *entries = NULL, *entry;

    for (const struct flame_node *node = flame_tree_next(tree->root); node != NULL; node = flame_tree_next(node)) {
        for (const struct flame_end *end = node->ends; end != NULL; end = end->next) {
            size_t function = headline_of(functions, node)->function;
            struct flame_site *site = find_site(arena, &entries, function, end->line, tree->n_columns);

            add_all(site->values, end->values, tree->n_columns);
            add_all(site->befores, end->befores, tree->n_columns);
        }
    }
    tree->sites = must_take(arena, HASH_COUNT(entries) * sizeof(*tree->sites));
    for (entry = entries; entry != NULL; entry = entry->hh.next)
        tree->sites[tree->n_sites++] = entry->site;
    if (tree->n_sites > 0)
        qsort_r(tree->sites, tree->n_sites, sizeof(*tree->sites), compare_sites, tree);
}
