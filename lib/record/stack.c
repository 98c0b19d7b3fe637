/* The capture of call stacks. Owns the check against libunwind; called by record/record for each event. */
#include "record/stack.h"

#include "base/sys.h"
#include "record/stack_cache.h"
#include "record/stack_libunwind.h"
#include "store/counters.h"
#include "store/epoch.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

extern void *__libc_stack_end; /* where the kernel put the main thread's arguments; from ld.so, GLIBC_2.2.5 */

/* Frames inside leaktrace's own that may come before the caller's, where a hooked function calls another. */
#define INSIDE_MAX 8

uint32_t stack_check_every;
static uint32_t captures;

void stack_set_check(uint32_t every)
{
    stack_check_every = every;
}

struct stack_bounds stack_bounds_main(void)
{
    uintptr_t high = (uintptr_t)__libc_stack_end;
    uint64_t limit[2] = {0};

    /* The kernel keeps other mappings away from the room that the stack may grow into, up to the soft limit. */
    SYS_CALL(SYS_prlimit64, 0, RLIMIT_STACK, 0, limit);
    if (limit[0] == 0 || limit[0] > 64ul << 20)
        limit[0] = 64ul << 20;
    return (struct stack_bounds){.low = high - limit[0], .high = high};
}

struct stack_bounds stack_bounds_thread(uint64_t size)
{
    /* glibc puts the thread's control block at the top of its stack, also of one that the program provides. */
    uintptr_t high = (uintptr_t)pthread_self();

    return (struct stack_bounds){.low = high - size, .high = high};
}

struct libunwind_reader {
    struct walker walker;
    uintptr_t *pcs;
    uint32_t depth;
    uint32_t limit;
    bool complete;
};

static bool read_for_libunwind(void *context, uintptr_t addr, uintptr_t *ret_word)
{
    struct libunwind_reader *reader = context;

    return walk_read(&reader->walker, addr, ret_word);
}

static void keep(struct libunwind_reader *reader, uintptr_t address)
{
    switch (walk_frame_kind(address)) {
    case WALK_FRAME_SHOWN:
        reader->pcs[reader->depth++] = address;
        break;
    case WALK_FRAME_INSIDE:
        reader->depth = 0;
        break;
    case WALK_FRAME_HIDDEN:
        break;
    }
}

static bool keep_for_libunwind(void *context, uintptr_t pc, bool exact)
{
    struct libunwind_reader *reader = context;
    struct unwind_rule rule;

    keep(reader, walk_address(pc, exact, &rule));
    reader->complete = rule.kind == UNWIND_END;
    return !reader->complete && rule.kind != UNWIND_UNKNOWN && reader->depth < reader->limit;
}

bool stack_by_libunwind(const struct stack_bounds *bounds, uintptr_t *pcs, struct stack *ret_stack)
{
    uint32_t limit = site_depth() < INSIDE_MAX ? INSIDE_MAX : site_depth();
    struct libunwind_reader reader = {.walker = WALKER_AT(0, 0, 0, *bounds), .pcs = pcs, .limit = limit};
    struct stack_libunwind_visitor visitor = {.read = read_for_libunwind, .visit = keep_for_libunwind, .context = &reader};

    if (!stack_libunwind_walk(&visitor))
        return false;
    *ret_stack = (struct stack){
        .pcs = pcs,
        .depth = reader.depth < site_depth() ? reader.depth : site_depth(),
        .epoch = epoch_module(),
        .truncated = !reader.complete || reader.depth > site_depth(),
    };
    return true;
}

__attribute__((noinline)) static void check_stack(struct stack_cache *cache, const struct site *site)
{
    struct stack stack, other;

    if (site == NULL || __atomic_add_fetch(&captures, 1, __ATOMIC_RELAXED) % stack_check_every != 0 ||
        !stack_by_libunwind(&cache->bounds, cache->pcs, &other))
        return;
    site_stack(site, cache->pcs + SITE_DEPTH_MAX, &stack);
    counters_add(COUNTER_CHECKED_STACKS, 1);
    if (other.truncated != stack.truncated || other.depth != stack.depth ||
        memcmp(other.pcs, stack.pcs, other.depth * sizeof(other.pcs[0])) != 0)
        counters_add(COUNTER_MISMATCHED_STACKS, 1);
}

WALK_READS_STACK struct stack_leaf *stack_capture_slowly(struct stack_cache *cache, enum kind kind,
                                                         const struct stack_frame *hook, struct stack_leaf *leaf)
{
    bool knows_exits = leaf == NULL && cache->code == epoch_code();
    const struct stack_frame *outer = knows_exits ? stack_exit_find(cache->exits, &cache->bounds, hook) : hook;

    if (outer != hook)
        leaf = stack_cache_find(cache, kind, outer);
    if (leaf == NULL) {
        cache->caller = (struct walk_state){.pc = outer->pc, .sp = (uintptr_t)(outer + 1), .bp = outer->bp};
        leaf = stack_cache_walk(cache, kind, &cache->caller);
    }
    if (stack_check_every != 0 && leaf != NULL)
        check_stack(cache, leaf->tally.site);
    return leaf;
}
