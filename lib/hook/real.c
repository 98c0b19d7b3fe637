/*
 * The resolver of the real functions. Owns the arena that serves the resolver's own requests; called by the stubs of
 * real_bootstrap.S, at start by life/init, and by nobody else. Takes no lock: resolving twice gives the same answer.
 */
#include "hook/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

enum row {
#define SYMBOL(result, name, parameters) ROW_##name,
#include "hook/symbols.def"
#undef SYMBOL
    ROW_MAX
};

static const char *const names[ROW_MAX] = {
#define SYMBOL(result, name, parameters) [ROW_##name] = #name,
#include "hook/symbols.def"
#undef SYMBOL
};

static void **const slots[ROW_MAX] = {
#define SYMBOL(result, name, parameters) [ROW_##name] = (void **)&real_##name,
#include "hook/symbols.def"
#undef SYMBOL
};

static __thread bool resolving __attribute__((tls_model("initial-exec")));

/* Blocks of the arena have their size in the word before them. */
char real_arena[REAL_ARENA_SIZE] __attribute__((aligned(16)));
static size_t arena_used;

static void *arena_malloc(size_t size)
{
    size_t need = (size + 31) & ~15ul;
    size_t at = __atomic_fetch_add(&arena_used, need, __ATOMIC_RELAXED);

    if (need < size || at + need > REAL_ARENA_SIZE)
        return NULL;
    memcpy(real_arena + at + 8, &size, sizeof(size));
    return real_arena + at + 16;
}

static void *arena_calloc(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : arena_malloc(bytes);
}

static size_t arena_size_of(const void *block)
{
    size_t size;

    memcpy(&size, (const char *)block - 8, sizeof(size));
    return size;
}

static void *arena_realloc(void *block, size_t size)
{
    void *fresh = arena_malloc(size);

    if (fresh != NULL && real_arena_owns(block))
        memcpy(fresh, block, arena_size_of(block) < size ? arena_size_of(block) : size);
    return fresh;
}

static void arena_free(void *block)
{
    (void)block;
}

void *real_arena_move_out(const void *block, size_t size)
{
    void *fresh = real_malloc(size);

    if (fresh != NULL)
        memcpy(fresh, block, arena_size_of(block) < size ? arena_size_of(block) : size);
    return fresh;
}

/* For a function that nobody has: the kernel's own answer to that. */
static int missing(void)
{
    errno = ENOSYS;
    return -1;
}

/* C++ programs without a C++ library that could be found: what the operators do by default. */
static void *new_by_malloc(size_t size)
{
    return real_malloc(size == 0 ? 1 : size);
}

static void *new_by_aligned_alloc(size_t size, size_t align)
{
    return real_aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

static bool starts_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What stands in for a function while the resolver works, or where there is none. */
static void *stand_in(enum row row)
{
    const char *name = names[row];

    if (resolving && row == ROW_malloc)
        return (void *)arena_malloc;
    if (resolving && row == ROW_calloc)
        return (void *)arena_calloc;
    if (resolving && row == ROW_realloc)
        return (void *)arena_realloc;
    if (resolving && row == ROW_free)
        return (void *)arena_free;
    if (starts_with(name, "_ZdlPv") || starts_with(name, "_ZdaPv"))
        return (void *)real_free;
    if (starts_with(name, "_Znwm") || starts_with(name, "_Znam"))
        return strstr(name, "align_val_t") != NULL ? (void *)new_by_aligned_alloc : (void *)new_by_malloc;
    return (void *)missing;
}

/* A C++ library that was loaded later, by dlopen, is not among the objects behind this one. It stays loaded from then on. */
static void *look_up_cxx(const char *name)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};

    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        void *function = library == NULL ? NULL : dlsym(library, name);

        if (function != NULL)
            return function;
    }
    return NULL;
}

static void *look_up(enum row row, bool may_load)
{
    void *function;

    resolving = true;
    function = dlsym(RTLD_NEXT, names[row]);
    if (function == NULL && may_load && starts_with(names[row], "_Z"))
        function = look_up_cxx(names[row]);
    resolving = false;
    if (function != NULL)
        __atomic_store_n(slots[row], function, __ATOMIC_RELEASE);
    return function;
}

__attribute__((used)) void *real_resolve(unsigned row)
{
    int saved_errno = errno;
    void *function = NULL;

    if (!resolving) {
        real_first_call();
        function = look_up((enum row)row, true);
    }
    errno = saved_errno;
    return function != NULL ? function : stand_in((enum row)row);
}

void real_resolve_all(void)
{
    for (enum row row = 0; row < ROW_MAX; row++)
        look_up(row, false);
    /* What was not found, C++ in a C program, has left its message for the program's next dlerror(). */
    dlerror();
}
