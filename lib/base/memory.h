/*
 * leaktrace's own memory: pages from the kernel, counted, and capped.
 *
 * Nothing here ever aborts: past the cap every request answers NULL, and the caller drops its event and counts it.
 * Thread-safe, without locks.
 */
#ifndef LEAKTRACE_BASE_MEMORY_H
#define LEAKTRACE_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages for `size` bytes (rounded up to whole pages), or NULL. */
void *memory_map(size_t size);
/* Gives back what memory_map returned for the same `size`. */
void memory_unmap(void *ptr, size_t size);
/* Gives back the pages alone: who still reads there reads zeros. */
void memory_discard(void *ptr, size_t size);

/* Most bytes that may be mapped at a time; 0 = no cap. The default is no cap. */
void memory_set_cap(uint64_t bytes);
/* Of the cap: kept for those who use it, so that what was recorded can still be written when there is no room to record more. */
void memory_set_reserve(uint64_t bytes);
uint64_t memory_reserve(void);
/* Of the reserve: mapped already, to be used when it is needed. */
void memory_set_prepared(uint64_t bytes);
/* Whether the calling thread uses the reserve; off at the start. */
void memory_use_reserve(bool use);
uint64_t memory_used(void);
/* Calls `visit` for each range that is mapped now. What comes and goes meanwhile may be missed. */
void memory_visit(void (*visit)(uintptr_t start, size_t size, void *context), void *context);
/* Requests refused so far. */
uint64_t memory_refused(void);

#endif
