/* The table of live threads. Owns the entries, pooled in an arena; called by record/ and snapshot/. One lock. */
#include "store/thread_table.h"

#include "base/lock.h"
#include "base/sys.h"

static struct arena table_arena;
#define TABLE_ARENA (&table_arena)
#include "base/table.h"

struct thread_entry {
    pthread_t handle;
    struct thread_row row;
    struct thread_start start;
    unsigned references;
    bool live; /* in the table */
    struct thread_entry *next_free;
    struct thread_entry *next_all;
    UT_hash_handle hh;
};

static struct {
    struct lock lock;
    struct thread_entry *by_handle;
    struct thread_entry *free_entries;
    struct thread_entry *all; /* that were ever made in this process */
    struct thread_entry anchor; /* of no thread: a table that becomes empty is given up, and its memory with it */
} table = {.lock = LOCK_INIT(LOCK_RANK_THREAD)};

static void remove_entry(struct thread_entry *entry)
{
    if (!entry->live)
        return;
    HASH_DEL(table.by_handle, entry);
    entry->live = false;
}

static void unref(struct thread_entry *entry, unsigned references)
{
    entry->references -= references;
    if (entry->references > 0 || entry->live)
        return;
    entry->next_free = table.free_entries;
    table.free_entries = entry;
}

static struct thread_entry *find(pthread_t handle)
{
    struct thread_entry *entry;

    HASH_FIND(hh, table.by_handle, &handle, sizeof(handle), entry);
    return entry;
}

static struct thread_entry *make_entry(void)
{
    struct thread_entry *entry = arena_alloc(&table_arena, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    entry->next_all = table.all;
    __atomic_store_n(&table.all, entry, __ATOMIC_RELEASE);
    return entry;
}

struct thread_entry *thread_table_prepare(const struct thread_row *row)
{
    struct thread_entry *entry;

    if (!lock_acquire(&table.lock))
        return NULL;
    entry = table.free_entries;
    if (entry != NULL)
        table.free_entries = entry->next_free;
    else
        entry = make_entry();
    if (entry != NULL)
        *entry = (struct thread_entry){.row = *row, .references = 2, .next_all = entry->next_all};
    lock_release(&table.lock);
    return entry;
}

void thread_table_cancel(struct thread_entry *entry)
{
    if (!lock_acquire(&table.lock))
        return;
    unref(entry, 2);
    lock_release(&table.lock);
}

static void put(struct thread_entry *entry, pthread_t handle)
{
    entry->handle = handle;
    HASH_ADD(hh, table.by_handle, handle, sizeof(entry->handle), entry);
    entry->live = TABLE_ADDED(entry);
}

void thread_table_live(struct thread_entry *entry, pthread_t handle)
{
    struct thread_entry *older;

    if (entry->row.site == 0 || !lock_acquire(&table.lock))
        return;
    if (entry->handle == 0) {
        older = find(handle);
        if (older != NULL) {
            remove_entry(older);
            unref(older, 0);
        }
        if (table.by_handle == NULL)
            put(&table.anchor, 0);
        put(entry, handle);
    }
    lock_release(&table.lock);
}

void thread_table_end(struct thread_entry *entry)
{
    if (!lock_acquire(&table.lock))
        return;
    entry->row.ended = true;
    if (entry->row.detached)
        remove_entry(entry);
    unref(entry, 1);
    lock_release(&table.lock);
}

void thread_table_unref(struct thread_entry *entry)
{
    if (!lock_acquire(&table.lock))
        return;
    unref(entry, 1);
    lock_release(&table.lock);
}

struct thread_entry *thread_table_find(pthread_t handle)
{
    struct thread_entry *entry;

    if (!lock_acquire(&table.lock))
        return NULL;
    entry = find(handle);
    if (entry != NULL)
        entry->references++;
    lock_release(&table.lock);
    return entry;
}

void thread_table_joined(struct thread_entry *entry)
{
    if (!lock_acquire(&table.lock))
        return;
    remove_entry(entry);
    lock_release(&table.lock);
}

void thread_table_detach(struct thread_entry *entry)
{
    if (!lock_acquire(&table.lock))
        return;
    entry->row.detached = true;
    if (entry->row.ended)
        remove_entry(entry);
    lock_release(&table.lock);
}

uint32_t thread_table_site(const struct thread_entry *entry)
{
    return entry->row.site;
}

struct thread_start *thread_table_start(struct thread_entry *entry)
{
    return &entry->start;
}

uint64_t thread_table_stack_bytes(const struct thread_entry *entry)
{
    return entry->row.stack_bytes;
}

int64_t thread_table_visit(void (*visit)(const struct thread_row *row, void *context), void *context)
{
    int64_t began;

    if (!lock_acquire(&table.lock))
        return 0;
    began = sys_monotonic_ns();
    for (struct thread_entry *entry = table.by_handle; entry != NULL; entry = entry->hh.next)
        if (entry != &table.anchor)
            visit(&entry->row, context);
    lock_release(&table.lock);
    return sys_monotonic_ns() - began;
}

void thread_table_visit_kept(void (*visit)(const void *argument, pthread_t unjoined, void *context), void *context)
{
    for (const struct thread_entry *entry = __atomic_load_n(&table.all, __ATOMIC_ACQUIRE); entry != NULL; entry = entry->next_all)
        if (entry->references > 0 || entry->live)
            visit(entry->row.ended ? NULL : entry->start.argument, entry->row.ended && entry->live ? entry->handle : 0, context);
}

void thread_table_after_fork(struct thread_entry *self)
{
    pthread_t handle;

    /* Another thread may have been in the middle of a change: nothing of the old table is used again. */
    table.by_handle = NULL;
    table.free_entries = NULL;
    table.all = self;
    lock_reset(&table.lock);
    if (self == NULL)
        return;
    handle = self->handle;
    *self = (struct thread_entry){.row = self->row, .start = self->start, .references = 1};
    thread_table_live(self, handle);
}
