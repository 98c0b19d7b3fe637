/* The memory of dumps. Owns the kept pages; called by base/arena and dump/dump. */
#include "base/scratch.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PAGE 4096ul
#define STEP (256ul * 1024)

static struct {
    char *pages;
    size_t size;
    size_t used;    /* up to the last that is taken */
    size_t taken;   /* of `pages` */
    size_t outside; /* mapped, because it did not fit */
    size_t need;    /* the most that was ever used at a time */
} scratch;

static size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

static bool is_inside(const char *ptr)
{
    return ptr >= scratch.pages && ptr < scratch.pages + scratch.size;
}

static void note_need(void)
{
    if (scratch.used + scratch.outside > scratch.need)
        scratch.need = scratch.used + scratch.outside;
}

static void *take_outside(size_t bytes)
{
    void *ptr = memory_map(bytes);

    if (ptr == NULL)
        return NULL;
    scratch.outside += bytes;
    note_need();
    return ptr;
}

void *scratch_take(size_t size)
{
    size_t bytes = whole_pages(size);
    char *ptr = scratch.pages + scratch.used;

    if (bytes > scratch.size - scratch.used)
        return take_outside(bytes);
    scratch.used += bytes;
    scratch.taken += bytes;
    note_need();
    return memset(ptr, 0, bytes);
}

void scratch_give(void *ptr, size_t size)
{
    size_t bytes = whole_pages(size);

    if (!is_inside(ptr)) {
        scratch.outside -= bytes;
        memory_unmap(ptr, bytes);
        return;
    }
    scratch.taken -= bytes;
    if ((char *)ptr + bytes == scratch.pages + scratch.used)
        scratch.used -= bytes;
    if (scratch.taken == 0)
        scratch.used = 0;
}

void scratch_keep_ready(size_t limit)
{
    size_t size = (scratch.need + scratch.need / 4 + STEP - 1) / STEP * STEP;
    size_t before_size = scratch.size;
    char *pages, *before = scratch.pages;

    if (size > limit)
        size = limit / STEP * STEP;
    if (scratch.taken + scratch.outside > 0 || scratch.need + scratch.need / 8 <= scratch.size || size <= scratch.size)
        return;
    pages = memory_map(size);
    if (pages == NULL)
        return;
    memset(pages, 1, size);
    /* At any instant what stands here is mapped, for the child of fork. */
    __atomic_store_n(&scratch.pages, pages, __ATOMIC_RELEASE);
    __atomic_store_n(&scratch.size, size, __ATOMIC_RELEASE);
    if (before != NULL)
        memory_unmap(before, before_size);
    memory_set_prepared(size);
}

void scratch_after_fork(void)
{
    scratch.used = scratch.taken = scratch.outside = 0;
}
