/* The roots. Owns the settings, and what the program declares to be one; called by reach/reach and life/. */
#include "reach/roots.h"

#include "base/range_table.h"
#include "reach/mark.h"
#include "reach/not_roots.h"
#include "reach/thread_stack.h"
#include "store/heap_region.h"
#include "store/thread_table.h"

#include <errno.h>

static struct roots_settings settings;
static struct range_table declared;

void roots_init(const struct roots_settings *given)
{
    settings = *given;
}

void roots_after_fork(void)
{
    settings.has_stacks_of_parent = heap_region_shared;
}

bool roots_add(uintptr_t start, size_t size)
{
    return start != 0 && size != 0 && range_table_add(&declared, start, size);
}

bool roots_remove(uintptr_t start)
{
    return start != 0 && range_table_remove(&declared, start);
}

typedef void mark_what(struct marker *marker, struct range range);

struct marking {
    struct marker *marker;
    mark_what *mark;
};

static void mark_part(struct range part, void *context)
{
    const struct marking *marking = context;

    marking->mark(marking->marker, part);
}

static bool may_be_root(const struct mapping *mapping)
{
    return (mapping->flags & MAPPING_SHARED) == 0 || (mapping->flags & MAPPING_WRITABLE) != 0;
}

static void mark_mappings(struct marker *marker, const struct ranges *not_roots, mark_what *mark)
{
    struct marking marking = {marker, mark};

    for (size_t i = 0; i < marker->maps->count; i++)
        if (may_be_root(&marker->maps->items[i]))
            ranges_visit_rest(not_roots, marker->maps->items[i].range, mark_part, &marking);
}

static void mark_registers(struct marker *marker, const struct parked_threads *parked, mark_what *mark)
{
    for (unsigned i = 0; i < parked->count; i++) {
        mark(marker, parked->items[i].registers[0]);
        mark(marker, parked->items[i].registers[1]);
    }
}

/* A stack is memory like any other, and is marked as such; but it may lie in a block. */
static void mark_blocks_of_thread(struct marker *marker, const struct parked *parked)
{
    mark_block_at(marker, parked->sp);
    mark_block_at(marker, parked->tp);
    mark_block_at(marker, thread_stack_dtv(marker->maps, parked->tp));
}

struct ended {
    struct marker *marker;
    struct ranges *kept;
};

/* libc has the argument of a thread, and then its result, in the control block; of the threads that leaktrace has seen start,
   leaktrace has the argument. */
static void mark_kept(const void *argument, pthread_t unjoined, void *context)
{
    const struct ended *ended = context;
    const uint64_t word = (uint64_t)argument;
    uintptr_t dtv;

    mark_words(ended->marker, &word, 1);
    if (unjoined == 0)
        return;
    mark_range(ended->marker, (struct range){unjoined + THREAD_BLOCK_HEAD, unjoined + THREAD_BLOCK_MAX});
    dtv = thread_stack_dtv(ended->marker->maps, unjoined);
    ranges_add(ended->kept, dtv, dtv + 1);
}

/* The dtv of a thread that has ended, and the TLS to which it points. */
static void mark_dtv(struct marker *marker, uintptr_t dtv)
{
    struct range block = mark_only_block_at(marker, dtv);
    uint64_t word;

    for (uintptr_t at = block.start; at < block.end; at += sizeof(word))
        if (maps_word(marker->maps, at, &word))
            mark_only_block_at(marker, word);
}

/* The program does not want to hear of them, nor of what they point to. */
static void mark_ignored(struct marker *marker)
{
    const struct ranges *ignored = &marker->blocks->ignored;

    for (size_t i = 0; i < ignored->count; i++)
        mark_block_at(marker, ignored->items[i].start);
}

static void mark_declared(uintptr_t start, size_t size, void *marker)
{
    mark_block_at(marker, start);
    mark_range(marker, (struct range){start, start + size});
}

static void mark_all(struct marker *marker, const struct parked_threads *parked, struct not_roots *not_roots)
{
    mark_mappings(marker, &not_roots->ranges, mark_range);
    mark_registers(marker, parked, mark_range);
    for (unsigned i = 0; i < parked->count; i++)
        mark_blocks_of_thread(marker, &parked->items[i]);
    thread_table_visit_kept(mark_kept, &(struct ended){marker, &not_roots->kept});
    mark_ignored(marker);
    range_table_visit(&declared, mark_declared, marker);
    mark_possible(marker);
    if (mark_needs_loose(marker)) {
        mark_mappings(marker, &not_roots->ranges, mark_range_loosely);
        mark_registers(marker, parked, mark_range_loosely);
        mark_blocks_loosely(marker);
    }
    for (size_t i = 0; i < not_roots->kept.count; i++)
        mark_dtv(marker, not_roots->kept.items[i].start);
}

int roots_mark(struct marker *marker, const struct parked_threads *parked)
{
    struct not_roots not_roots = {.maps = marker->maps, .blocks = marker->blocks, .parked = parked, .settings = &settings};
    bool failed;

    marker->has_chunks = settings.is_glibc;
    not_roots_add_own(&not_roots);
    not_roots_add_stacks(&not_roots);
    not_roots_add_allocator(&not_roots);
    ranges_sort(&not_roots.ranges);
    ranges_merge(&not_roots.ranges);
    if (!not_roots.ranges.failed)
        mark_all(marker, parked, &not_roots);
    failed = not_roots.ranges.failed || not_roots.kept.failed;
    ranges_release(&not_roots.kept);
    ranges_release(&not_roots.ranges);
    return failed ? -ENOMEM : 0;
}
