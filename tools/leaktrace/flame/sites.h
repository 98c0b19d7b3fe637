/* The sites of a flame graph's tree: which lines of the user's own code its stacks end in. */
#ifndef LEAKTRACE_FLAME_SITES_H
#define LEAKTRACE_FLAME_SITES_H

struct flame_functions;
struct flame_tree;

/* Fills the tree's sites from its nodes. */
void flame_sites_build(const struct flame_functions *functions, struct flame_tree *tree);

#endif
