/*
 * What the hooks call: one function for each thing that can happen to a resource.
 *
 * Each captures the stack of the hook's caller where it needs one, and changes the store. All of them return at once while
 * recording is off, keep errno, and never fail the host: what cannot be recorded is counted. An acquire is recorded after the
 * real call has succeeded, a release before the real call, because the address or number can be used again at once.
 */
#ifndef LEAKTRACE_RECORD_RECORD_H
#define LEAKTRACE_RECORD_RECORD_H

#include "record/stack.h"
#include "store/fd_table.h"
#include "store/heap_table.h"
#include "store/kind.h"
#include "store/thread_table.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Kinds to record, bits 1 << enum kind; 0 = off, as at the start. */
void record_enable(uint32_t kinds);
bool record_is_on(void);
/* Calls `work` once, behind the next allocation that is recorded, in whatever thread makes it; what it acquires itself is not
   recorded. False, and nothing will be called, when no heap blocks are recorded. */
bool record_at_next_allocation(void (*work)(void));
/* False in a child of vfork, which shares the memory. Set by the hooks of vfork and clone, for good: there may be such children. */
bool record_is_own_process(void);
extern __attribute__((visibility("hidden"))) bool record_has_vforked;
/* Sets the growth mark: what is acquired from now on counts as growth. */
void record_mark(void);

/* Heap. A NULL block is nothing. A block is released for good, or so that it can be restored. */
void record_heap_acquire(void *block, size_t size, const struct stack_frame *caller);
void record_heap_free(void *block);
bool record_heap_release(void *block, struct heap_block *ret_released);
void record_heap_restore(const struct heap_block *released);

/* For functions that may or may not call a hooked function to do their work (operator new): enter before the real call, and
   record behind it what no inner hook has recorded. The inner hook leaves the frames in between out of the stack. */
void record_heap_enter(void);
void record_heap_acquire_outer(void *block, size_t size, const struct stack_frame *caller);
/* The same for releases (operator delete): what the inner hook releases is not unknown. */
void record_heap_release_outer(void *block);
void record_heap_release_done(void);

/* Descriptors. Negative ones are nothing. */
void record_fd_acquire(int fd, bool accepted, const struct stack_frame *caller);
void record_fd_peer(int fd, const struct sockaddr *addr, uint32_t len);
bool record_fd_release(int fd, struct fd_entry *ret_released);
void record_fd_restore(int fd, const struct fd_entry *released);
/* Releases first to last, both included. */
void record_fd_release_range(unsigned first, unsigned last);

/* Threads. To be called before each creation, whatever is recorded: the new thread is told how large its stack is. The entry is
   NULL when there is no memory. */
struct thread_entry *record_thread_create(const struct thread_start *start, uint64_t stack_bytes, bool detached,
                                          const struct stack_frame *caller);
void record_thread_created(struct thread_entry *entry, pthread_t handle);
void record_thread_failed(struct thread_entry *entry);
/* In the new thread, first and last; the first returns what the thread is to do. */
struct thread_start record_thread_started(struct thread_entry *entry);
void record_thread_ended(struct thread_entry *entry);
/* Around a join; `joined` says whether it succeeded. The entry may be NULL. */
struct thread_entry *record_thread_join(pthread_t handle);
void record_thread_join_done(struct thread_entry *entry, bool joined);
/* Around a detach, likewise. */
struct thread_entry *record_thread_detach(pthread_t handle);
void record_thread_detach_done(struct thread_entry *entry, bool detached);

/* Per thread: acquires are not recorded between the two. They nest. */
void record_ignore_begin(void);
void record_ignore_end(void);
/* Blocks that are acquired then are kept all the same, with no site: who looks for what can be reached has to know them. */
void record_keep_ignored(void);
/* For leaktrace's own threads: nothing that the calling thread does is recorded from now on. */
void record_never(void);

/* The thread is about to go on at this stack pointer, by longjmp. */
void record_jump(uintptr_t sp);
/* In the child of fork. */
void record_after_fork(void);

#endif
