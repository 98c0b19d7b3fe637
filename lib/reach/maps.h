/*
 * What is mapped in the process, and which of its pages can be looked at. In one thread, for the time of one scan.
 *
 * No page is touched that is not there: reservations that nobody has written to stay empty. Memory is read where it lies only
 * if nothing can take it away meanwhile; else the kernel copies it, and says so if it cannot.
 */
#ifndef LEAKTRACE_REACH_MAPS_H
#define LEAKTRACE_REACH_MAPS_H

#include "reach/ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mapping_flag {
    MAPPING_WRITABLE = 1,
    MAPPING_SHARED = 2,
    MAPPING_OF_FILE = 4, /* a file that may lie on a disk */
    MAPPING_STACK = 8,   /* the first thread's */
    MAPPING_BRK = 16,
};

struct mapping {
    struct range range;
    unsigned flags;
};

struct maps {
    struct mapping *items; /* readable ones, in order */
    size_t count;
    size_t room;
    struct range recent; /* one that can be read where it lies, of those where something was read last */
    int pagemap;         /* descriptor; < 0: none */
    bool copies;         /* memory may be taken away while it is read */
    bool is_late;        /* it has taken too long: nothing is read any more */
    bool has_scan;       /* the kernel can be asked where pages are, so that a terabyte of nothing takes no time */
    int64_t deadline_ns;
    uint64_t bytes; /* read so far */
    void *buffer;   /* for copies, and what is known of pages */
};

/* Counts that the scan gets on, and looks at the clock. */
bool maps_is_late(struct maps *maps);
/* Goes up as long as it gets on. In any thread. */
unsigned maps_progress(void);

/* Receives memory that has been read: `n` words that stand at `addr`, a multiple of 8. */
typedef void maps_words(const uint64_t *words, size_t n, uintptr_t addr, void *context);

/* `copies`: other threads are running. 0 or -errno; to be released in any case. */
int maps_init(struct maps *ret_maps, bool copies);
void maps_release(struct maps *maps);
/* The mapping that has the address, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uintptr_t addr);
/* Reads a word that need not be there; false if it is not. */
bool maps_word(struct maps *maps, uintptr_t addr, uint64_t *ret_word);
/* Gives all that is there in the range to `words`, in pieces, whatever mappings it is in. */
void maps_read(struct maps *maps, struct range range, maps_words *words, void *context);

/* Whether all of a block can be read where it lies, and is so small that all of it is likely to be there. Says no at times. */
#define MAPS_SMALL (64ul << 10)

static inline bool maps_can_read(const struct maps *maps, uintptr_t start, size_t size)
{
    return start - maps->recent.start < maps->recent.end - maps->recent.start && size <= maps->recent.end - start &&
           size <= MAPS_SMALL;
}

#endif
