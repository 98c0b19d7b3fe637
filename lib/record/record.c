/* The recorder of heap blocks and descriptors. Owns which kinds are recorded and the growth mark; called by hook/ and life/. */
#include "record/record.h"

#include "base/sampler.h"
#include "base/sys.h"
#include "record/event.h"
#include "record/guard.h"
#include "record/stack_libunwind.h"
#include "record/unwind_rule.h"
#include "store/counters.h"
#include "store/epoch.h"
#include "store/heap_filter.h"
#include "store/site_table.h"
#include "store/thread_table.h"

struct record_settings record_settings;

void record_enable(uint32_t kinds)
{
    record_settings.pid = sys_getpid();
    __atomic_store_n(&record_settings.kinds, kinds, __ATOMIC_RELEASE);
}

bool record_is_on(void)
{
    return record_settings.kinds != 0;
}

bool record_has_vforked;

bool record_is_own_process(void)
{
    return !record_has_vforked || sys_getpid() == record_settings.pid;
}

void record_mark(void)
{
    epoch_next_mark();
    heap_table_mark();
}

static inline void count_put(enum heap_put put)
{
    if (__builtin_expect(put == HEAP_PUT_NEW, 1))
        return;
    if (put == HEAP_PUT_REPLACED)
        counters_add(COUNTER_REPLACED, 1);
    if (put == HEAP_PUT_NO_MEMORY)
        counters_add(COUNTER_DROPPED_MEMORY, 1);
    if (put == HEAP_PUT_NO_LOCK)
        counters_add(COUNTER_DROPPED_LOCK, 1);
}

bool record_at_next_allocation(void (*work)(void))
{
    if ((record_settings.kinds >> KIND_HEAP & 1) == 0)
        return false;
    __atomic_store_n(&record_settings.at_next_allocation, work, __ATOMIC_RELEASE);
    return true;
}

static void do_deferred(void)
{
    void (*work)(void) = __atomic_exchange_n(&record_settings.at_next_allocation, NULL, __ATOMIC_ACQ_REL);

    if (work == NULL)
        return;
    record_ignore_begin();
    work();
    record_ignore_end();
}

/* What a recorded block stands for is counted at its site; nothing is written to the tally, which counts single blocks. */
static void count_sampled(struct site *site, uint64_t size)
{
    site_add(site, sampler_weight(size), sampler_bytes(size));
}

/* Behind each block, recorded or passed by. */
static inline void note_last(uintptr_t block, size_t size)
{
    guard.last_acquired = block;
    guard.last_size = size;
    if (__builtin_expect(record_settings.at_next_allocation != NULL, 0))
        do_deferred();
}

static inline void add(uintptr_t block, size_t size, const struct stack_frame *caller)
{
    struct heap_place place = heap_table_place(block);
    struct stack_leaf *leaf = event_stack(KIND_HEAP, caller);

    if (__builtin_expect(leaf == NULL, 0))
        return;
    tally_count(&leaf->tally, size);
    count_put(heap_table_add_at(place, block, size, leaf->tally.site->id));
}

void record_keep_ignored(void)
{
    record_settings.keeps_ignored = true;
}

/* A block of no site: no figure counts it, but it is known what it points to. */
static __attribute__((noinline)) void add_ignored(uintptr_t block, size_t size)
{
    if (!record_settings.keeps_ignored || guard.ignoring == 0 || !event_begin(KIND_HEAP))
        return;
    guard_state();
    count_put(heap_table_add(block, size, 0));
    event_end();
    guard.last_acquired = block;
    guard.last_size = size;
}

/* Of a block that a byte is hit of. */
static __attribute__((noinline)) void acquire_sampled(uintptr_t block, size_t size, const struct stack_frame *caller)
{
    struct stack_leaf *leaf;

    if (!event_enter())
        return;
    leaf = sampler_takes_hit(&guard.sampler, size) ? event_stack(KIND_HEAP, caller) : NULL;
    if (leaf != NULL) {
        count_sampled(leaf->tally.site, size);
        heap_filter_add(block);
        count_put(heap_table_add(block, size, leaf->tally.site->id));
    }
    event_end();
    note_last(block, size);
}

/* Most blocks are passed by: a function of its own, which saves no registers for the others. */
static __attribute__((noinline)) void acquire_or_pass(uintptr_t block, size_t size, const struct stack_frame *caller)
{
    if (!event_acquire_is_wanted(KIND_HEAP))
        return;
    if (sampler_passes(&guard.sampler, size))
        note_last(block, size);
    else
        acquire_sampled(block, size, caller);
}

static __attribute__((noinline)) void acquire(uintptr_t block, size_t size, const struct stack_frame *caller)
{
    if (!event_acquire_is_wanted(KIND_HEAP)) {
        add_ignored(block, size);
    } else if (event_enter()) {
        add(block, size, caller);
        event_end();
        note_last(block, size);
    }
}

void record_heap_acquire(void *block, size_t size, const struct stack_frame *caller)
{
    if (block == NULL)
        return;
    if (sampler_is_on())
        acquire_or_pass((uintptr_t)block, size, caller);
    else
        acquire((uintptr_t)block, size, caller);
}

void record_heap_enter(void)
{
    guard.last_acquired = 0;
}

static bool take(uintptr_t addr, struct heap_block *ret_block)
{
    bool known = heap_table_take(addr, ret_block);

    if (known && sampler_is_on())
        heap_filter_remove(addr);
    return known;
}

static void put_back(const struct heap_block *block)
{
    if (sampler_is_on())
        heap_filter_add(block->addr);
    count_put(heap_table_put_back(block));
}

/* Puts back a block with its true size. Of sampled ones, one that would not have been taken with that size is forgotten. */
static void put_corrected(struct heap_block *block, size_t size)
{
    struct site *site = block->site == 0 ? NULL : site_table_get(block->site);

    if (site != NULL && !sampler_is_on()) {
        site_add(site, 0, size - block->size);
    } else if (site != NULL) {
        site_add(site, -sampler_weight(block->size), -sampler_bytes(block->size));
        if (!sampler_keeps(&guard.sampler, size))
            return;
        count_sampled(site, size);
    }
    block->size = size;
    put_back(block);
}

/* The operators of libstdc++ ask for more than they were asked for, where a size is 0 or no multiple of the alignment. */
static __attribute__((noinline)) void correct_size(uintptr_t addr, size_t size)
{
    struct heap_block block;

    if (!event_begin(KIND_HEAP))
        return;
    if (take(addr, &block))
        put_corrected(&block, size);
    event_end();
}

void record_heap_acquire_outer(void *block, size_t size, const struct stack_frame *caller)
{
    if (block == NULL)
        return;
    if (guard.last_acquired != (uintptr_t)block)
        record_heap_acquire(block, size, caller);
    else if (guard.last_size != size)
        correct_size((uintptr_t)block, size);
}

/* Of a block that may be a recorded one. */
static __attribute__((noinline)) bool release_sampled(uintptr_t block, struct heap_block *ret_released)
{
    bool known;

    if (!heap_table_may_have(block) || !event_enter())
        return false;
    guard_state(); /* a thread that only releases is one more, too */
    known = take(block, ret_released);
    event_end();
    return known;
}

static inline __attribute__((always_inline)) bool release(void *block, struct heap_block *ret_released)
{
    bool known;

    if (block == NULL || (uintptr_t)block == guard.being_released || !event_is_wanted(KIND_HEAP))
        return false;
    if (__builtin_expect(sampler_is_on(), 0))
        return heap_filter_may_have((uintptr_t)block) && release_sampled((uintptr_t)block, ret_released);
    if (!event_enter())
        return false;
    guard_state();
    known = heap_table_take((uintptr_t)block, ret_released);
    if (!known)
        counters_add(COUNTER_UNKNOWN_RELEASE, 1);
    event_end();
    return known;
}

/* The allocator is about to look at what stands before the block: that is fetched while the table is. */
void record_heap_free(void *block)
{
    __builtin_prefetch((char *)block - 16, 1);
    release(block, NULL);
}

bool record_heap_release(void *block, struct heap_block *ret_released)
{
    return release(block, ret_released);
}

void record_heap_restore(const struct heap_block *released)
{
    if (!event_begin(KIND_HEAP))
        return;
    put_back(released);
    event_end();
}

void record_heap_release_outer(void *block)
{
    release(block, NULL);
    guard.being_released = (uintptr_t)block;
}

void record_heap_release_done(void)
{
    guard.being_released = 0;
}

/* A child of vfork shares the memory, but has descriptors of its own: what it does to them is not the parent's. */
static bool begin_fd(int fd)
{
    if (fd < 0 || !event_begin(KIND_FD))
        return false;
    if (record_is_own_process())
        return true;
    event_end();
    return false;
}

static void add_fd(int fd, const struct fd_entry *entry)
{
    bool replaced;

    if (fd_table_add(fd, entry, &replaced) != 0)
        counters_add(COUNTER_DROPPED_MEMORY, 1);
    else if (replaced)
        counters_add(COUNTER_REPLACED, 1);
}

/* Not inlined, so that the entry is not on the stack while the caller's is captured. */
__attribute__((noinline)) static void add_acquired_fd(int fd, bool accepted, struct tally *tally)
{
    const struct fd_entry entry = {
        .site = tally->site->id, .mark = epoch_mark(), .born_ns = sys_monotonic_ns(), .accepted = accepted};

    tally_count(tally, 0);
    add_fd(fd, &entry);
}

void record_fd_acquire(int fd, bool accepted, const struct stack_frame *caller)
{
    struct stack_leaf *leaf;

    if (guard.ignoring > 0 || !begin_fd(fd))
        return;
    leaf = event_stack(KIND_FD, caller);
    if (leaf != NULL)
        add_acquired_fd(fd, accepted, &leaf->tally);
    event_end();
}

void record_fd_peer(int fd, const struct sockaddr *addr, uint32_t len)
{
    if (addr == NULL || !begin_fd(fd))
        return;
    fd_table_set_peer(fd, addr, len);
    event_end();
}

bool record_fd_release(int fd, struct fd_entry *ret_released)
{
    bool known;

    if (!begin_fd(fd))
        return false;
    known = fd_table_take(fd, ret_released);
    event_end();
    return known;
}

void record_fd_restore(int fd, const struct fd_entry *released)
{
    if (!begin_fd(fd))
        return;
    add_fd(fd, released);
    event_end();
}

void record_fd_release_range(unsigned first, unsigned last)
{
    unsigned limit = (unsigned)fd_table_limit();
    struct fd_entry released;

    for (unsigned fd = first; fd < limit && fd <= last; fd++)
        record_fd_release((int)fd, &released);
}

void record_ignore_begin(void)
{
    guard.ignoring++;
}

void record_ignore_end(void)
{
    if (guard.ignoring > 0)
        guard.ignoring--;
}

void record_never(void)
{
    guard.busy = true;
    guard.busy_at = UINTPTR_MAX;
}

void record_jump(uintptr_t sp)
{
    guard_jump(sp);
}

void record_after_fork(void)
{
    record_settings.pid = sys_getpid();
    guard.sampler = (struct sampler){0};
    guard_after_fork();
    site_table_after_fork();
    epoch_next_mark();
    heap_table_after_fork();
    unwind_rule_after_fork();
    stack_libunwind_after_fork();
    thread_table_after_fork(guard.state == NULL ? NULL : guard.state->entry);
}
