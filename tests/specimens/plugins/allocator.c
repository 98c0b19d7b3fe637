/* A plugin that brings an allocator along. */
#include "bump.h"

unsigned plugin_use(unsigned n);

/* How many of so many blocks are the plugin's own; whosever they are, they can be used and freed. */
unsigned plugin_use(unsigned n)
{
    unsigned own = 0;

    for (unsigned i = 0; i < n; i++) {
        char *block = malloc(i + 1), *moved;

        memset(block, (int)i, i + 1);
        moved = realloc(block, i + 50);
        own += (unsigned)bump_owns(moved);
        if (moved[i] != (char)i)
            __builtin_trap();
        free(moved);
    }
    return own;
}
