/*
 * Locations: every address that stands in a stack, with its module and the name of its function.
 *
 * They are found and named once, at the first dump after they appeared, and kept. Used by leaktrace's own thread only.
 */
#ifndef LEAKTRACE_SNAPSHOT_LOCATIONS_H
#define LEAKTRACE_SNAPSHOT_LOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

struct module;
struct snapshot_label;

struct location {
    uintptr_t pc;
    const struct module *module; /* NULL: none is known at that address */
    const char *function;        /* linkage name; NULL without names */
};

/* Adds an address that stands in no stack, to be named at the next update. 0 or -ENOMEM. */
int locations_add(uintptr_t pc, uint32_t epoch);
/* Brings the table up to date with all sites. 0 or -ENOMEM; what was there before stays valid. */
int locations_update(bool names);
/* The location of an address in a stack of that epoch; NULL when locations_update() has not seen it. */
const struct location *locations_find(uintptr_t pc, uint32_t epoch);
/* What a label of a row with a stack of that epoch says: of a function its name, else "file+0x<offset>"; NULL when its module
   is not known. */
const char *locations_label(const struct snapshot_label *label, uint32_t epoch);
/* Takes memory now for what may come until the next update. */
void locations_keep_ready(void);
/* In the child of fork: another thread may have been in the middle of a change; starts anew. */
void locations_after_fork(void);

#endif
