/*
 * The real functions behind the hooks: real_<name> for each row of symbols.def.
 *
 * Each pointer begins as a piece of code that resolves it, stores it, and goes on to the real function with the arguments as
 * they were (hook/real_bootstrap.S), so a hook needs no test of whether the library is ready. Memory that the resolver itself
 * asks for comes from a small arena of its own.
 */
#ifndef LEAKTRACE_HOOK_REAL_H
#define LEAKTRACE_HOOK_REAL_H

#include <dirent.h>
#include <fcntl.h>
#include <iconv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <threads.h>
#include <time.h>

struct sigvec; /* no header declares it any more */

/* Each hook is declared too: the headers do not declare all of them. */
#define SYMBOL(result, name, parameters)                                                                                       \
    extern result(*real_##name) parameters __attribute__((visibility("hidden")));                                              \
    result name parameters;
#include "hook/symbols.def"
#undef SYMBOL

/* Marks a function as one that the program's calls go to. */
#define HOOK __attribute__((visibility("default")))

/* Called by the stubs of real_bootstrap.S: the function of this row. */
void *real_resolve(unsigned row) __attribute__((visibility("hidden")));

/* Called before any hook's first real call: the library's chance to begin. Defined by life/init, the one call upward. */
void real_first_call(void);

/* Resolves all that can be resolved now, so that none is left to a signal handler. */
void real_resolve_all(void);

#define REAL_ARENA_SIZE (256ul * 1024)

extern char real_arena[REAL_ARENA_SIZE];

/* Whether the block came from the resolver's arena: it is never freed. */
static inline bool real_arena_owns(const void *block)
{
    return __builtin_expect((size_t)((const char *)block - real_arena) < REAL_ARENA_SIZE, 0);
}

/* A block of the heap with the contents of a block of the arena, as realloc gives it. */
void *real_arena_move_out(const void *block, size_t size);

#endif
