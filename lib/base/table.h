/* uthash as leaktrace uses it: memory from an arena, and a shortage is an answer, not exit(). The one include of uthash. */
#ifndef LEAKTRACE_BASE_TABLE_H
#define LEAKTRACE_BASE_TABLE_H

#include "base/arena.h"

/* Each file that uses a table defines TABLE_ARENA, a pointer to its arena, before this include. Failing to get memory leaves
   an added item's hash handle cleared (HASH_NONFATAL_OOM), which the caller tests with TABLE_ADDED. */
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) arena_alloc(TABLE_ARENA, size)
#define uthash_free(ptr, size) ((void)(ptr), (void)(size))
#include <uthash.h>

#define TABLE_ADDED(item) ((item)->hh.tbl != NULL)

#endif
