/*
 * The memory in which dumps are made: a stack of pages that is kept from one dump to the next.
 *
 * A dump that comes when there is no memory left must not need any: its pages are there, and touched. What does not fit is mapped
 * for the time of the dump, and the stack then grows to what was needed. Used under the lock that makes dumps one at a time.
 */
#ifndef LEAKTRACE_BASE_SCRATCH_H
#define LEAKTRACE_BASE_SCRATCH_H

#include <stddef.h>

/* Zeroed room for `size` bytes, in whole pages; NULL when there is none. Given back last first, or it stays taken until all is. */
void *scratch_take(size_t size);
void scratch_give(void *ptr, size_t size);
/* While nothing is taken: makes room for the largest need so far and a quarter more, but for no more than `limit` bytes. */
void scratch_keep_ready(size_t limit);
/* In the child of fork: who had taken something does not exist. */
void scratch_after_fork(void);

#endif
