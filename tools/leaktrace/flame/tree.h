/*
 * The stacks of one kind of resource, laid over each other from the root: what a flame graph shows.
 *
 * A tree joins the profiles of a dump (what is live, what has grown) and, to compare, those of an older dump. Nodes are
 * merged by function, not by address. All of it lives in the arena of its table of functions, and points into the profiles.
 */
#ifndef LEAKTRACE_FLAME_TREE_H
#define LEAKTRACE_FLAME_TREE_H

#include "flame/functions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct places_table;
struct profile;

/* A profile that goes into a tree. */
struct flame_part {
    const struct profile *profile;
    bool is_growth;
    bool is_before; /* of the older dump */
};

/* A sample type. */
struct flame_column {
    const char *type;
    const char *unit;
    bool is_growth;
};

/* Stacks that end at a node, and whose site has that line: two lines of one function are two sites. */
struct flame_end {
    struct flame_end *next;
    int64_t line;     /* 0: unknown, or of no account because two dumps are compared, which may be of two builds */
    int64_t *values;  /* a number for each column */
    int64_t *befores; /* the same of the older dump */
};

struct flame_node {
    struct flame_node *parent; /* NULL: the root, which is no function */
    struct flame_node *first;  /* its children, in a list */
    struct flame_node *next;
    size_t function;
    int64_t line;   /* 0: unknown, or several */
    unsigned depth; /* of the root: 0 */
    bool is_before; /* only the older dump has it */
    struct flame_end *ends;
};

/* The stacks with the same innermost frame of the user's own code, and the same line in it. */
struct flame_site {
    size_t function;
    int64_t line;
    int64_t *values;
    int64_t *befores;
};

struct flame_tree {
    const char *kind;
    struct flame_column *columns;
    size_t n_columns;
    size_t chosen; /* the column to begin with */
    bool has_before;
    struct flame_node *root;
    size_t n_nodes;           /* without the root */
    struct flame_site *sites; /* the largest first, by the chosen column; by its change when there is an older dump */
    size_t n_sites;
};

/* Builds a tree of at least one part that is not of the older dump, and none of growth before it. `kind` is kept. */
void flame_tree_build(struct flame_functions *functions, const char *kind, const struct flame_part *parts, size_t n_parts,
                      struct flame_tree *ret_tree);
/* The node behind `node` when each comes before its children; NULL at the end. */
const struct flame_node *flame_tree_next(const struct flame_node *node);

#endif
