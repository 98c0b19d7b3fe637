/*
 * Hooks of C++'s operator new and delete, under their linkage names. Owns nothing.
 *
 * libstdc++'s operators call malloc and free, which are hooked as well; those of jemalloc and tcmalloc do not. So each hook
 * records what no inner hook has recorded. No hook holds anything while the real operator runs: it may throw.
 */
#include "hook/real.h"
#include "record/record.h"

static inline __attribute__((always_inline)) void *acquired(void *block, size_t size, const struct stack_frame *caller)
{
    record_heap_acquire_outer(block, size, caller);
    return block;
}

HOOK void *_Znwm(size_t size)
{
    record_heap_enter();
    return acquired(real__Znwm(size), size, STACK_CALLER);
}

HOOK void *_Znam(size_t size)
{
    record_heap_enter();
    return acquired(real__Znam(size), size, STACK_CALLER);
}

HOOK void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
    record_heap_enter();
    return acquired(real__ZnwmRKSt9nothrow_t(size, nothrow), size, STACK_CALLER);
}

HOOK void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
{
    record_heap_enter();
    return acquired(real__ZnamRKSt9nothrow_t(size, nothrow), size, STACK_CALLER);
}

HOOK void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
    record_heap_enter();
    return acquired(real__ZnwmSt11align_val_t(size, align), size, STACK_CALLER);
}

HOOK void *_ZnamSt11align_val_t(size_t size, size_t align)
{
    record_heap_enter();
    return acquired(real__ZnamSt11align_val_t(size, align), size, STACK_CALLER);
}

HOOK void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)
{
    record_heap_enter();
    return acquired(real__ZnwmSt11align_val_tRKSt9nothrow_t(size, align, nothrow), size, STACK_CALLER);
}

HOOK void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)
{
    record_heap_enter();
    return acquired(real__ZnamSt11align_val_tRKSt9nothrow_t(size, align, nothrow), size, STACK_CALLER);
}

HOOK void _ZdlPv(void *block)
{
    record_heap_release_outer(block);
    real__ZdlPv(block);
    record_heap_release_done();
}

HOOK void _ZdaPv(void *block)
{
    record_heap_release_outer(block);
    real__ZdaPv(block);
    record_heap_release_done();
}

HOOK void _ZdlPvm(void *block, size_t size)
{
    record_heap_release_outer(block);
    real__ZdlPvm(block, size);
    record_heap_release_done();
}

HOOK void _ZdaPvm(void *block, size_t size)
{
    record_heap_release_outer(block);
    real__ZdaPvm(block, size);
    record_heap_release_done();
}

HOOK void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow)
{
    record_heap_release_outer(block);
    real__ZdlPvRKSt9nothrow_t(block, nothrow);
    record_heap_release_done();
}

HOOK void _ZdaPvRKSt9nothrow_t(void *block, const void *nothrow)
{
    record_heap_release_outer(block);
    real__ZdaPvRKSt9nothrow_t(block, nothrow);
    record_heap_release_done();
}

HOOK void _ZdlPvSt11align_val_t(void *block, size_t align)
{
    record_heap_release_outer(block);
    real__ZdlPvSt11align_val_t(block, align);
    record_heap_release_done();
}

HOOK void _ZdaPvSt11align_val_t(void *block, size_t align)
{
    record_heap_release_outer(block);
    real__ZdaPvSt11align_val_t(block, align);
    record_heap_release_done();
}

HOOK void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    record_heap_release_outer(block);
    real__ZdlPvmSt11align_val_t(block, size, align);
    record_heap_release_done();
}

HOOK void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    record_heap_release_outer(block);
    real__ZdaPvmSt11align_val_t(block, size, align);
    record_heap_release_done();
}

HOOK void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *nothrow)
{
    record_heap_release_outer(block);
    real__ZdlPvSt11align_val_tRKSt9nothrow_t(block, align, nothrow);
    record_heap_release_done();
}

HOOK void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *nothrow)
{
    record_heap_release_outer(block);
    real__ZdaPvSt11align_val_tRKSt9nothrow_t(block, align, nothrow);
    record_heap_release_done();
}
