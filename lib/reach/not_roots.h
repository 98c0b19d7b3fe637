/* What is not to be taken for a root, of all that is mapped. For reach/roots. */
#ifndef LEAKTRACE_REACH_NOT_ROOTS_H
#define LEAKTRACE_REACH_NOT_ROOTS_H

#include "reach/blocks.h"
#include "reach/maps.h"
#include "reach/park.h"
#include "reach/ranges.h"

struct roots_settings;

struct not_roots {
    struct ranges ranges;
    struct ranges kept; /* dtvs of ended threads, which libc keeps for the next ones, as the TLS that they point to */
    struct maps *maps;
    const struct blocks *blocks;
    const struct parked_threads *parked;
    const struct roots_settings *settings;
};

/* Each adds what it knows of. */
void not_roots_add_own(struct not_roots *not_roots);
void not_roots_add_stacks(struct not_roots *not_roots);
void not_roots_add_allocator(struct not_roots *not_roots);
/* Of the heap below the break what is glibc's; `arenas`: where its main arenas may lie. */
void not_roots_add_brk(struct not_roots *not_roots, const struct ranges *arenas);

#endif
