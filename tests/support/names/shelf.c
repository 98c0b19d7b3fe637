/* A library of one exported function and one that only a debug file can name. */
#include <stdlib.h>

void *shelf_put(size_t size);

__attribute__((noinline, noclone)) static void *allocate_place(size_t size)
{
    void *place = malloc(size);

    __asm__ volatile("" ::: "memory");
    return place;
}

void *shelf_put(size_t size)
{
    void *place = allocate_place(size);

    __asm__ volatile("" ::: "memory");
    return place;
}
