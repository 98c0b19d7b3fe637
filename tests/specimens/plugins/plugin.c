/* What specimens load and unload: allocates with every use. */
#include <stdlib.h>

void *plugin_block;

void *plugin_allocate(size_t size);

__attribute__((constructor)) static void loaded(void)
{
    plugin_block = malloc(17);
}

__attribute__((destructor)) static void unloaded(void)
{
    free(plugin_block);
}

__attribute__((noipa)) void *plugin_allocate(size_t size)
{
    return malloc(size);
}
