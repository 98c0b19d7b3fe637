/* A plugin that second.c is made to come to the place of: the same code under other names. */
#include <stdlib.h>

#ifndef ALLOCATES
#define ALLOCATES first_allocates
#endif

void *ALLOCATES(size_t size);
void *plugin_allocate(size_t size);

__attribute__((noipa)) void *ALLOCATES(size_t size)
{
    void *block = malloc(size);

    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

__attribute__((noipa)) void *plugin_allocate(size_t size)
{
    void *block = ALLOCATES(size);

    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}
