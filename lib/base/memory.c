/* leaktrace's own memory. Owns the count of bytes mapped and the cap; called by the arena and by the large tables. */
#include "base/memory.h"

#include "base/range_table.h"
#include "base/sys.h"

#define PAGE 4096ul

static struct {
    uint64_t used;
    uint64_t cap;
    uint64_t reserve;
    uint64_t prepared;
    uint64_t refused;
    struct range_table mapped;
} memory;

static __thread bool uses_reserve __attribute__((tls_model("initial-exec")));

static size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

static uint64_t unused_reserve(void)
{
    uint64_t reserve = __atomic_load_n(&memory.reserve, __ATOMIC_RELAXED);
    uint64_t prepared = __atomic_load_n(&memory.prepared, __ATOMIC_RELAXED);

    return reserve > prepared ? reserve - prepared : 0;
}

void *memory_map(size_t size)
{
    size_t bytes = whole_pages(size);
    uint64_t used = __atomic_add_fetch(&memory.used, bytes, __ATOMIC_RELAXED);
    uint64_t cap = __atomic_load_n(&memory.cap, __ATOMIC_RELAXED);
    uint64_t kept = uses_reserve ? 0 : unused_reserve();
    void *ptr = cap != 0 && used + kept > cap ? NULL : sys_map(bytes);

    if (ptr == NULL) {
        __atomic_fetch_sub(&memory.used, bytes, __ATOMIC_RELAXED);
        __atomic_fetch_add(&memory.refused, 1, __ATOMIC_RELAXED);
    } else {
        range_table_add(&memory.mapped, (uintptr_t)ptr, bytes);
    }
    /* Pages that another thread gave back come after all that it did with them: the kernel sees to that, and this tells the
       compiler and the thread sanitizer, which know nothing of the kernel's work. */
    __atomic_load_n(&memory.used, __ATOMIC_ACQUIRE);
    return ptr;
}

void memory_unmap(void *ptr, size_t size)
{
    range_table_remove(&memory.mapped, (uintptr_t)ptr);
    __atomic_fetch_sub(&memory.used, whole_pages(size), __ATOMIC_RELEASE);
    sys_unmap(ptr, whole_pages(size));
}

void memory_discard(void *ptr, size_t size)
{
    __atomic_fetch_sub(&memory.used, whole_pages(size), __ATOMIC_RELEASE);
    sys_discard(ptr, whole_pages(size));
}

void memory_set_cap(uint64_t bytes)
{
    __atomic_store_n(&memory.cap, bytes, __ATOMIC_RELAXED);
}

void memory_set_reserve(uint64_t bytes)
{
    __atomic_store_n(&memory.reserve, bytes, __ATOMIC_RELAXED);
}

void memory_set_prepared(uint64_t bytes)
{
    __atomic_store_n(&memory.prepared, bytes, __ATOMIC_RELAXED);
}

uint64_t memory_reserve(void)
{
    return __atomic_load_n(&memory.reserve, __ATOMIC_RELAXED);
}

void memory_use_reserve(bool use)
{
    uses_reserve = use;
}

uint64_t memory_used(void)
{
    return __atomic_load_n(&memory.used, __ATOMIC_RELAXED);
}

uint64_t memory_refused(void)
{
    return __atomic_load_n(&memory.refused, __ATOMIC_RELAXED);
}

void memory_visit(void (*visit)(uintptr_t start, size_t size, void *context), void *context)
{
    range_table_visit(&memory.mapped, visit, context);
}
