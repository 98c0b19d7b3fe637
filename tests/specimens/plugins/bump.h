/* The whole family of malloc, on memory of its own that is never used twice. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BUMP_SIZE (8ul << 20)

#pragma GCC visibility push(default)

static char bump[BUMP_SIZE] __attribute__((aligned(4096)));
static size_t bump_used;

static int bump_owns(const void *block)
{
    return (const char *)block >= bump && (const char *)block < bump + BUMP_SIZE;
}

void *memalign(size_t align, size_t size)
{
    size_t room = size + align + 16;
    size_t at = __atomic_fetch_add(&bump_used, room, __ATOMIC_RELAXED);
    uintptr_t block;

    if (room < size || at + room > BUMP_SIZE) {
        errno = ENOMEM;
        return NULL;
    }
    block = ((uintptr_t)bump + at + 16 + align - 1) & ~(uintptr_t)(align - 1);
    memcpy((char *)block - 8, &size, sizeof(size));
    return (void *)block;
}

void *malloc(size_t size)
{
    return memalign(16, size);
}

void free(void *block)
{
    if (block != NULL && !bump_owns(block))
        __builtin_trap();
}

/* It is zero: nothing is used twice. */
void *calloc(size_t n, size_t size)
{
    return n != 0 && size > BUMP_SIZE / n ? NULL : malloc(n * size);
}

size_t malloc_usable_size(void *block)
{
    size_t size = 0;

    if (block != NULL)
        memcpy(&size, (char *)block - 8, sizeof(size));
    return size;
}

void *realloc(void *block, size_t size)
{
    void *fresh = malloc(size);
    size_t old = malloc_usable_size(block);

    if (fresh != NULL && block != NULL)
        memcpy(fresh, block, old < size ? old : size);
    return fresh;
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **ret_block, size_t align, size_t size)
{
    void *block = memalign(align, size);

    if (block == NULL)
        return ENOMEM;
    *ret_block = block;
    return 0;
}

void *valloc(size_t size)
{
    return memalign(4096, size);
}

void *pvalloc(size_t size)
{
    return memalign(4096, (size + 4095) & ~4095ul);
}

#pragma GCC visibility pop
