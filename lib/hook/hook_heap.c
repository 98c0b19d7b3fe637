/* Hooks of the C allocation functions. Owns nothing. */
#include "hook/real.h"
#include "record/record.h"

#include <malloc.h>
#include <stdlib.h>

HOOK void *malloc(size_t size)
{
    void *block = real_malloc(size);

    record_heap_acquire(block, size, STACK_CALLER);
    return block;
}

HOOK void *calloc(size_t n, size_t size)
{
    void *block = real_calloc(n, size);

    record_heap_acquire(block, n * size, STACK_CALLER);
    return block;
}

HOOK void free(void *block)
{
    if (real_arena_owns(block))
        return;
    record_heap_free(block);
    real_free(block);
}

static inline __attribute__((always_inline)) void *resize(void *block, size_t size, const struct stack_frame *caller)
{
    struct heap_block released;
    bool known = record_heap_release(block, &released);
    void *fresh = real_realloc(block, size);

    /* With a size of 0 the answer NULL says that the block was freed. */
    if (known && fresh == NULL && size != 0)
        record_heap_restore(&released);
    record_heap_acquire(fresh, size, caller);
    return fresh;
}

HOOK void *realloc(void *block, size_t size)
{
    if (real_arena_owns(block))
        return real_arena_move_out(block, size);
    return resize(block, size, STACK_CALLER);
}

HOOK void *reallocarray(void *block, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        return real_reallocarray(block, n, size);
    return resize(block, bytes, STACK_CALLER);
}

HOOK int posix_memalign(void **ret_block, size_t align, size_t size)
{
    int result = real_posix_memalign(ret_block, align, size);

    if (result == 0)
        record_heap_acquire(*ret_block, size, STACK_CALLER);
    return result;
}

HOOK void *aligned_alloc(size_t align, size_t size)
{
    void *block = real_aligned_alloc(align, size);

    record_heap_acquire(block, size, STACK_CALLER);
    return block;
}

HOOK void *memalign(size_t align, size_t size)
{
    void *block = real_memalign(align, size);

    record_heap_acquire(block, size, STACK_CALLER);
    return block;
}

HOOK void *valloc(size_t size)
{
    void *block = real_valloc(size);

    record_heap_acquire(block, size, STACK_CALLER);
    return block;
}

HOOK void *pvalloc(size_t size)
{
    void *block = real_pvalloc(size);

    record_heap_acquire(block, size, STACK_CALLER);
    return block;
}
