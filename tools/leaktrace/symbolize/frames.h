/* From addresses of one unit, or from names of symbols, to frames: which function, and where in the source. */
#ifndef LEAKTRACE_SYMBOLIZE_FRAMES_H
#define LEAKTRACE_SYMBOLIZE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;
struct names_function;
struct unit;

struct frame {
    const struct names_function *function;
    int64_t line; /* 0: unknown */
};

/* An address of a module, and what is found out about it. */
struct address {
    uint64_t address;     /* in the module's files */
    const char *symbol;   /* the linkage name that the dump or the symbol table has for it; NULL: none */
    struct frame *frames; /* the innermost inlined function first; malloc'ed */
    size_t n_frames;      /* 0: nothing was found */
};

/* Fills the frames of `n` addresses of one unit, in ascending order, as far as the unit knows any. */
void frames_from_unit(struct unit *unit, struct address *const *addresses, size_t n, struct names *names);
/* Gives an address one frame: its symbol, which it must have, without a line. */
void frames_from_symbol(struct address *address, struct names *names);

#endif
