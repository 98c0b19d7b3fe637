/* Leaktrace's own memory, and what is not in use of stacks. Owns nothing; called by reach/roots. */
#include "reach/not_roots.h"

#include "base/memory.h"
#include "base/sys.h"
#include "reach/roots.h"
#include "reach/thread_stack.h"
#include "store/heap_region.h"

#define PAGE 4096ul
#define HEAD_SELF 2 /* word of a control block, the first one too: its own address */

static void add_own_range(uintptr_t start, size_t size, void *context)
{
    ranges_add(context, start, start + size);
}

void not_roots_add_own(struct not_roots *not_roots)
{
    const struct roots_settings *settings = not_roots->settings;
    struct range stack;

    memory_visit(add_own_range, &not_roots->ranges);
    ranges_add(&not_roots->ranges, settings->own_module.start, settings->own_module.end);
    for (unsigned i = 0; i < not_roots->parked->count; i++) {
        uintptr_t start = not_roots->parked->items[i].tp + (uintptr_t)settings->own_tls;

        ranges_add(&not_roots->ranges, start, start + settings->own_tls_size);
    }
    if (not_roots->parked->own_thread != 0 && thread_stack_find(not_roots->maps, (uintptr_t)__builtin_thread_pointer(), &stack))
        ranges_add(&not_roots->ranges, stack.start, stack.end);
}

/* --- stacks of threads that live ------------------------------------------------------------------------------------ */

static void add_unused(struct not_roots *not_roots, const struct parked *parked)
{
    const struct mapping *mapping = maps_find(not_roots->maps, parked->sp);
    struct range stack;

    if (thread_stack_find(not_roots->maps, parked->tp, &stack)) {
        if (range_has(stack, parked->sp))
            ranges_add(&not_roots->ranges, stack.start, parked->sp);
    } else if (mapping != NULL && (mapping->flags & MAPPING_STACK) != 0) {
        ranges_add(&not_roots->ranges, mapping->range.start, parked->sp);
    }
}

/* --- stacks of threads that have ended ------------------------------------------------------------------------------ */

/* Control blocks of threads stand at one place in their pages, and the number of the thread at one place in them: where the own
   thread has them. */
struct dead_search {
    struct not_roots *not_roots;
    uintptr_t block_at;
    uintptr_t tid_at;
};

/* The kernel sets the number to 0 when the thread ends, and libc to -1 when it was joined. Only a stack that libc has made has
   a page before it that nobody can read. */
static void look_at_block(struct dead_search *search, uintptr_t tp)
{
    struct not_roots *not_roots = search->not_roots;
    struct range stack;
    uint64_t word;

    if (!maps_word(not_roots->maps, (tp + search->tid_at) & ~7ul, &word))
        return;
    if ((int32_t)(word >> 8 * (search->tid_at & 4)) > 0 || !thread_stack_find(not_roots->maps, tp, &stack) ||
        stack.start % PAGE != 0 || maps_find(not_roots->maps, stack.start) != NULL)
        return;
    word = thread_stack_dtv(not_roots->maps, tp);
    ranges_add(&not_roots->kept, word, word + 1);
    ranges_add(&not_roots->ranges, stack.start, stack.end);
}

struct dead_blocks {
    struct dead_search *search;
    struct ranges found;
};

static void look_for_blocks(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct dead_blocks *blocks = context;
    size_t i = (blocks->search->block_at - addr) % PAGE / sizeof(*words);

    for (; i + HEAD_SELF < n; i += PAGE / sizeof(*words)) {
        uintptr_t tp = addr + i * sizeof(*words);

        if (words[i] == tp && words[i + HEAD_SELF] == tp)
            ranges_add(&blocks->found, tp, tp + 1);
    }
}

static bool init_search(struct dead_search *search, struct not_roots *not_roots)
{
    uintptr_t tp = (uintptr_t)__builtin_thread_pointer();
    uint64_t word;

    *search = (struct dead_search){.not_roots = not_roots, .block_at = tp % PAGE};
    for (uintptr_t at = HEAD_SELF * 8 + 8; at < THREAD_BLOCK_MAX; at += sizeof(uint32_t)) {
        if (!maps_word(not_roots->maps, (tp + at) & ~7ul, &word))
            return false;
        search->tid_at = at;
        if ((uint32_t)(word >> 8 * (at & 4)) == (uint32_t)not_roots->parked->own_thread)
            return true;
    }
    return false;
}

static void add_dead(struct not_roots *not_roots)
{
    struct dead_search search;
    struct dead_blocks blocks = {.search = &search};

    if (not_roots->parked->own_thread == 0 || !heap_region_shared || not_roots->settings->has_stacks_of_parent ||
        !init_search(&search, not_roots))
        return;
    for (size_t i = 0; i < not_roots->maps->count; i++) {
        const struct mapping *mapping = &not_roots->maps->items[i];

        if ((mapping->flags & ~MAPPING_WRITABLE) == 0)
            maps_read(not_roots->maps, mapping->range, look_for_blocks, &blocks);
    }
    for (size_t i = 0; i < blocks.found.count; i++)
        look_at_block(&search, blocks.found.items[i].start);
    ranges_release(&blocks.found);
}

void not_roots_add_stacks(struct not_roots *not_roots)
{
    for (unsigned i = 0; i < not_roots->parked->count; i++)
        add_unused(not_roots, &not_roots->parked->items[i]);
    add_dead(not_roots);
}
