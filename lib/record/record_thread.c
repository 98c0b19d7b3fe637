/* The recorder of threads. Owns nothing; called by hook/hook_thread. */
#include "base/sys.h"
#include "record/event.h"
#include "record/record.h"
#include "store/epoch.h"
#include "store/heap_table.h"
#include "store/site_table.h"
#include "store/thread_table.h"

/* Not inlined, so that the row is not on the stack while the caller's is captured. */
__attribute__((noinline)) static struct thread_entry *prepare(const struct thread_start *start, uint32_t site, uint64_t stack_bytes,
                                                              bool detached)
{
    const struct thread_row row = {.site = site,
                                   .mark = epoch_mark(),
                                   .born_ns = sys_monotonic_ns(),
                                   .stack_bytes = stack_bytes,
                                   .routine = (uintptr_t)start->routine,
                                   .detached = detached};
    struct thread_entry *entry = thread_table_prepare(&row);

    if (entry != NULL)
        *thread_table_start(entry) = *start;
    return entry;
}

struct thread_entry *record_thread_create(const struct thread_start *start, uint64_t stack_bytes, bool detached,
                                          const struct stack_frame *caller)
{
    struct thread_entry *entry;
    struct stack_leaf *leaf;

    heap_table_share();
    if (!record_is_on() || !event_enter())
        return NULL;
    leaf = event_acquire_is_wanted(KIND_THREAD) ? event_stack(KIND_THREAD, caller) : NULL;
    entry = prepare(start, leaf == NULL ? 0 : leaf->tally.site->id, stack_bytes, detached);
    event_end();
    return entry;
}

void record_thread_created(struct thread_entry *entry, pthread_t handle)
{
    if (!event_enter())
        return;
    if (thread_table_site(entry) != 0)
        site_add(site_table_get(thread_table_site(entry)), 1, 0);
    thread_table_live(entry, handle);
    thread_table_unref(entry);
    event_end();
}

void record_thread_failed(struct thread_entry *entry)
{
    if (!event_enter())
        return;
    thread_table_cancel(entry);
    event_end();
}

struct thread_start record_thread_started(struct thread_entry *entry)
{
    struct thread_start start = *thread_table_start(entry);
    struct thread_state *state;

    if (!event_enter())
        return start;
    thread_table_live(entry, pthread_self());
    state = guard_state();
    if (state != NULL) {
        state->entry = entry;
        stack_cache_reset(&state->stacks, stack_bounds_thread(thread_table_stack_bytes(entry)));
    }
    event_end();
    return start;
}

void record_thread_ended(struct thread_entry *entry)
{
    if (!event_enter())
        return;
    thread_table_end(entry);
    guard_thread_ends();
    event_end();
}

/* The entry of a thread that is about to be joined or detached. */
static struct thread_entry *find(pthread_t handle)
{
    struct thread_entry *entry;

    if (!event_begin(KIND_THREAD))
        return NULL;
    entry = thread_table_find(handle);
    event_end();
    return entry;
}

struct thread_entry *record_thread_join(pthread_t handle)
{
    return find(handle);
}

void record_thread_join_done(struct thread_entry *entry, bool joined)
{
    if (entry == NULL || !event_begin(KIND_THREAD))
        return;
    if (joined)
        thread_table_joined(entry);
    thread_table_unref(entry);
    event_end();
}

struct thread_entry *record_thread_detach(pthread_t handle)
{
    return find(handle);
}

void record_thread_detach_done(struct thread_entry *entry, bool detached)
{
    if (entry == NULL || !event_begin(KIND_THREAD))
        return;
    if (detached)
        thread_table_detach(entry);
    thread_table_unref(entry);
    event_end();
}
