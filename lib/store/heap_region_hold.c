/*
 * Waiting for regions, and what becomes of those that are not let go. Owns what each thread tries to hold; called by
 * store/heap_table, and when a thread has left a recording.
 */
#include "store/heap_region.h"

#include "base/lock.h"
#include "base/sys.h"
#include "store/heap_pool.h"

#define PAUSES 64
#define YIELDS 64
#define SLEEP_NS 1000000

__thread uint32_t heap_region_tried __attribute__((tls_model("initial-exec")));

/* Who is waited for may have a lower priority, so in the end we sleep. */
bool heap_region_wait(struct heap_waiting *waiting)
{
    int64_t now;

    if (waiting->times++ < PAUSES) {
        __builtin_ia32_pause();
        return true;
    }
    now = sys_monotonic_ns();
    if (waiting->deadline == 0)
        waiting->deadline = now + LOCK_WAIT_MS * 1000000ll;
    if (waiting->times < PAUSES + YIELDS)
        sys_yield();
    else
        sys_sleep_ns(SLEEP_NS);
    return now < waiting->deadline;
}

/* Until he who holds it lets it go after all. */
static void give_up(uint64_t *entry)
{
    uint64_t held = __atomic_load_n(entry, __ATOMIC_RELAXED);

    if ((held & HEAP_LOCKED) != 0)
        __atomic_compare_exchange_n(entry, &held, held | HEAP_GIVEN_UP, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool heap_region_enter(struct heap_hold *hold, uint64_t *entry, uintptr_t addr)
{
    struct heap_waiting waiting = {0};

    do {
        if (heap_region_try(hold, entry, addr))
            return true;
        if ((hold->table & HEAP_GIVEN_UP) != 0)
            return false;
    } while (heap_region_wait(&waiting));
    give_up(entry);
    return false;
}

static void end_rebuild(uintptr_t addr)
{
    uint32_t *rebuilds = &heap_region_leaf(addr)->rebuilds[heap_region_index_in_leaf(addr)];

    if ((__atomic_load_n(rebuilds, __ATOMIC_RELAXED) & 1) != 0)
        __atomic_add_fetch(rebuilds, 1, __ATOMIC_RELEASE);
}

/* Every change is one store, so the table in the entry is valid; one that was being filled, or was to be given back, is lost. Between
   the trying and the holding, and behind it, there are a few instructions in which only the mark tells that another thread has it. */
void heap_region_was_left(void)
{
    uintptr_t addr = (uintptr_t)heap_region_tried << HEAP_REGION_BITS;
    uint64_t *entry = heap_region_find(addr);
    uint64_t table = entry == NULL ? 0 : __atomic_load_n(entry, __ATOMIC_RELAXED);

    heap_pool_was_left();
    if ((table & HEAP_HELD_MASK & ~HEAP_GIVEN_UP) != heap_region_mark())
        return;
    end_rebuild(addr);
    __atomic_store_n(entry, table & ~HEAP_HELD_MASK, __ATOMIC_RELEASE);
}
