/*
 * The table of live descriptors: an array in chunks, because numbers are dense and small. Owns the chunks, which are never
 * given back; called by record/ and snapshot/.
 */
#include "store/fd_table.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define CHUNK 4096
#define CHUNKS 16384 /* 2^26 descriptors */
#define SPINS 64

/* `state` guards the entry: EMPTY and HELD are settled, BUSY is a writer's or reader's for the few instructions of a copy. */
enum slot_state { SLOT_EMPTY, SLOT_HELD, SLOT_BUSY };

struct slot {
    int state;
    struct fd_entry entry;
};

static struct {
    struct slot *chunks[CHUNKS];
    int limit;
} table;

static struct slot *slot_of(int fd, bool make)
{
    struct slot **chunk;
    struct slot *expected = NULL;
    struct slot *fresh;

    if (fd < 0 || fd >= CHUNK * CHUNKS)
        return NULL;
    chunk = &table.chunks[fd / CHUNK];
    if (__atomic_load_n(chunk, __ATOMIC_ACQUIRE) == NULL && make) {
        fresh = memory_map(CHUNK * sizeof(struct slot));
        if (fresh == NULL)
            return NULL;
        if (!__atomic_compare_exchange_n(chunk, &expected, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            memory_unmap(fresh, CHUNK * sizeof(struct slot));
    }
    return *chunk == NULL ? NULL : &(*chunk)[fd % CHUNK];
}

static void raise_limit(int limit)
{
    int old = __atomic_load_n(&table.limit, __ATOMIC_RELAXED);

    while (old < limit && !__atomic_compare_exchange_n(&table.limit, &old, limit, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
}

/* Makes the slot ours; the state it had. A slot stays BUSY only while its owner copies, which may lose its processor meanwhile,
   or for ever in the child of a fork that came in between: then it is given up after LOCK_WAIT_MS and counts as empty. */
static int seize(struct slot *slot)
{
    int64_t deadline = 0;

    for (unsigned tries = 0;; tries++) {
        int state = __atomic_exchange_n(&slot->state, SLOT_BUSY, __ATOMIC_ACQUIRE);
        int64_t now;

        if (state != SLOT_BUSY)
            return state;
        if (tries < SPINS) {
            __builtin_ia32_pause();
            continue;
        }
        now = sys_monotonic_ns();
        if (deadline == 0)
            deadline = now + (int64_t)LOCK_WAIT_MS * 1000000;
        if (now > deadline)
            return SLOT_EMPTY;
        sys_yield();
    }
}

static void settle(struct slot *slot, int state)
{
    __atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

int fd_table_add(int fd, const struct fd_entry *entry, bool *ret_replaced)
{
    struct slot *slot = slot_of(fd, true);

    if (slot == NULL)
        return -ENOMEM;
    *ret_replaced = seize(slot) == SLOT_HELD;
    slot->entry = *entry;
    settle(slot, SLOT_HELD);
    raise_limit(fd + 1);
    return 0;
}

bool fd_table_take(int fd, struct fd_entry *ret_entry)
{
    struct slot *slot = slot_of(fd, false);
    int state;

    if (slot == NULL || __atomic_load_n(&slot->state, __ATOMIC_RELAXED) == SLOT_EMPTY)
        return false;
    state = seize(slot);
    if (state == SLOT_HELD)
        *ret_entry = slot->entry;
    settle(slot, SLOT_EMPTY);
    return state == SLOT_HELD;
}

void fd_table_set_peer(int fd, const void *addr, uint32_t len)
{
    struct slot *slot = slot_of(fd, false);
    int state;

    if (slot == NULL)
        return;
    state = seize(slot);
    if (state == SLOT_HELD) {
        slot->entry.peer_len = (uint8_t)(len < FD_PEER_MAX ? len : FD_PEER_MAX);
        memcpy(slot->entry.peer, addr, slot->entry.peer_len);
    }
    settle(slot, state);
}

bool fd_table_get(int fd, struct fd_entry *ret_entry)
{
    struct slot *slot = slot_of(fd, false);
    int state;

    if (slot == NULL || __atomic_load_n(&slot->state, __ATOMIC_RELAXED) == SLOT_EMPTY)
        return false;
    state = seize(slot);
    if (state == SLOT_HELD)
        *ret_entry = slot->entry;
    settle(slot, state);
    return state == SLOT_HELD;
}

int fd_table_limit(void)
{
    return __atomic_load_n(&table.limit, __ATOMIC_ACQUIRE);
}
