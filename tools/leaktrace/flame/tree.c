/* The tree of a flame graph. Owns the table of nodes while it is built; called by page.c. */
#include "flame/tree.h"

#include "common.h"
#include "flame/sites.h"
#include "profile/columns.h"
#include "profile/profile.h"
#include "view/places.h"

#define TABLE_ARENA arena
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct node_key {
    const struct flame_node *parent;
    size_t function;
};

struct node_entry {
    struct flame_node node;
    struct node_key key;
    UT_hash_handle hh;
};

struct builder {
    struct flame_tree *tree;
    struct flame_functions *functions;
    struct places_table *places[2]; /* of the dump, and of the older one: equal addresses may be different code */
    struct node_entry *nodes;
};

/* What one profile calls things, in terms of the tree. */
struct translation {
    const struct flame_part *part;
    size_t *columns;                    /* of each sample type; n_columns of the tree: none */
    const struct places_place **places; /* of each location */
    size_t **functions;                 /* of each frame of each location's place */
};

static size_t find_column(const struct flame_tree *tree, const struct profile_type *type, bool is_growth)
{
    size_t i = 0;

    while (i < tree->n_columns && (tree->columns[i].is_growth != is_growth || strcmp(tree->columns[i].type, type->type) != 0 ||
                                   strcmp(tree->columns[i].unit, type->unit) != 0))
        i++;
    return i;
}

static void make_columns(struct arena *arena, struct flame_tree *tree, const struct flame_part *parts, size_t n_parts)
{
    size_t n = 0;

    for (size_t i = 0; i < n_parts; i++)
        n += parts[i].profile->n_types;
    tree->columns = must_take(arena, n * sizeof(*tree->columns));
    for (size_t i = 0; i < n_parts; i++) {
        const struct profile *profile = parts[i].profile;

        tree->has_before |= parts[i].is_before;
        for (size_t j = 0; j < profile->n_types && !parts[i].is_before; j++)
            if (find_column(tree, &profile->types[j], parts[i].is_growth) == tree->n_columns)
                tree->columns[tree->n_columns++] =
                    (struct flame_column){profile->types[j].type, profile->types[j].unit, parts[i].is_growth};
    }
    tree->chosen = parts[0].profile->n_types - 1;
    for (size_t i = 0; i < parts[0].profile->n_types; i++)
        if (strcmp(parts[0].profile->types[i].type, parts[0].profile->default_type) == 0)
            tree->chosen = i;
}

static struct translation translate(struct builder *builder, const struct flame_part *part)
{
    struct arena *arena = builder->functions->arena;
    const struct profile *profile = part->profile;
    struct translation translation = {
        .part = part,
        .columns = must_take(arena, profile->n_types * sizeof(size_t)),
        .places = must_take(arena, profile->n_locations * sizeof(struct places_place *)),
        .functions = must_take(arena, profile->n_locations * sizeof(size_t *)),
    };

    for (size_t i = 0; i < profile->n_types; i++)
        translation.columns[i] = find_column(builder->tree, &profile->types[i], part->is_growth);
    for (size_t i = 0; i < profile->n_locations; i++) {
        const struct places_place *place = places_intern(builder->places[part->is_before], &profile->locations[i]);

        translation.places[i] = place;
        translation.functions[i] = must_take(arena, place->n_frames * sizeof(size_t));
        for (size_t j = 0; j < place->n_frames; j++)
            translation.functions[i][j] = flame_functions_intern(builder->functions, &place->frames[j]);
    }
    return translation;
}

/* The child of `parent` for a call of that function, made if need be. */
static struct flame_node *find_child(struct builder *builder, struct flame_node *parent, size_t function, int64_t line,
                                     bool is_before)
{
    struct arena *arena = builder->functions->arena;
    struct node_key key;
    struct node_entry *entry;

    memset(&key, 0, sizeof(key));
    key.parent = parent;
    key.function = function;
    HASH_FIND(hh, builder->nodes, &key, sizeof(key), entry);
    if (entry == NULL) {
        entry = must_take(arena, sizeof(*entry));
        entry->node = (struct flame_node){.parent = parent,
                                          .next = parent->first,
                                          .function = function,
                                          .line = line,
                                          .depth = parent->depth + 1,
                                          .is_before = is_before};
        parent->first = &entry->node;
        entry->key = key;
        HASH_ADD(hh, builder->nodes, key, sizeof(key), entry);
        if (!TABLE_ADDED(entry))
            must_end();
        builder->tree->n_nodes++;
    } else if (entry->node.is_before == is_before && entry->node.line != line) {
        entry->node.line = 0;
    }
    return &entry->node;
}

static void add_values(const struct flame_tree *tree, const struct translation *translation,
                       const struct profile_sample *sample, int64_t *sums)
{
    for (size_t i = 0; i < translation->part->profile->n_types; i++) {
        size_t column = translation->columns[i];

        if (column < tree->n_columns)
            sums[column] = columns_add(sums[column], sample->values[i]);
    }
}

static bool is_empty(const struct profile *profile, const struct profile_sample *sample)
{
    for (size_t i = 0; i < profile->n_types; i++)
        if (sample->values[i] != 0)
            return false;
    return true;
}

/* The line of the innermost frame of the user's own code, or of the innermost of all. */
static int64_t site_line(const struct translation *translation, const struct profile_sample *sample)
{
    const struct profile_location *locations = translation->part->profile->locations;

    for (size_t i = 0; i < sample->depth; i++) {
        const struct places_place *place = translation->places[sample->stack[i] - locations];

        for (size_t j = 0; j < place->n_frames; j++)
            if (!place->frames[j].is_plumbing)
                return place->frames[j].line;
    }
    return sample->depth == 0 ? 0 : translation->places[sample->stack[0] - locations]->frames[0].line;
}

/* The end of that line at the node, made if need be. */
static struct flame_end *find_end(struct builder *builder, struct flame_node *node, int64_t line)
{
    struct arena *arena = builder->functions->arena;
    size_t size = builder->tree->n_columns * sizeof(int64_t);
    struct flame_end *end;

    for (end = node->ends; end != NULL; end = end->next)
        if (end->line == line)
            return end;
    end = must_take(arena, sizeof(*end));
    *end = (struct flame_end){
        .next = node->ends, .line = line, .values = must_take(arena, size), .befores = must_take(arena, size)};
    node->ends = end;
    return end;
}

static void add_sample(struct builder *builder, const struct translation *translation, const struct profile_sample *sample)
{
    const struct flame_tree *tree = builder->tree;
    const struct profile *profile = translation->part->profile;
    bool is_before = translation->part->is_before;
    struct flame_node *node = tree->root;
    struct flame_end *end;

    for (size_t i = sample->depth; i-- > 0;) {
        size_t location = (size_t)(sample->stack[i] - profile->locations);
        const struct places_place *place = translation->places[location];

        for (size_t j = place->n_frames; j-- > 0;)
            node = find_child(builder, node, translation->functions[location][j], place->frames[j].line, is_before);
    }
    end = find_end(builder, node, tree->has_before ? 0 : site_line(translation, sample));
    add_values(tree, translation, sample, is_before ? end->befores : end->values);
}

static void add_part(struct builder *builder, const struct flame_part *part)
{
    const struct translation translation = translate(builder, part);

    for (size_t i = 0; i < part->profile->n_samples; i++)
        if (!is_empty(part->profile, &part->profile->samples[i]))
            add_sample(builder, &translation, &part->profile->samples[i]);
}

void flame_tree_build(struct flame_functions *functions, const char *kind, const struct flame_part *parts, size_t n_parts,
                      struct flame_tree *ret_tree)
{
    struct flame_tree tree = {.kind = kind, .root = must_take(functions->arena, sizeof(*tree.root))};
    struct builder builder = {
        .tree = &tree, .functions = functions, .places = {places_new(functions->arena), places_new(functions->arena)}};

    make_columns(functions->arena, &tree, parts, n_parts);
    for (size_t i = 0; i < n_parts; i++)
        add_part(&builder, &parts[i]);
    flame_sites_build(functions, &tree);
    *ret_tree = tree;
}

const struct flame_node *flame_tree_next(const struct flame_node *node)
{
    if (node->first != NULL)
        return node->first;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node == NULL ? NULL : node->next;
}
