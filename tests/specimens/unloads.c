/* unloads ROUNDS ONE OTHER: loads two plugins by turns, each in the place of the other, and lets them allocate, with the stack pointer
   in several places; prints how often a plugin lay where the other one had lain. */
#include "specimen.h"

#include <alloca.h>
#include <dlfcn.h>

typedef void *allocate(size_t size);

SITE void one_caller(allocate *plugin)
{
    free(plugin(33));
    __asm__ volatile("");
}

SITE void other_caller(allocate *plugin, size_t room)
{
    volatile char *below = alloca(room);

    below[0] = 1;
    free(plugin(34));
    __asm__ volatile("" : : "r"(below));
}

int main(int argc, char **argv)
{
    unsigned same = 0;
    allocate *last = NULL;

    MUST(argc == 4);
    for (int i = 0; i < atoi(argv[1]); i++) {
        void *plugin = dlopen(argv[2 + i % 2], RTLD_NOW);
        allocate *plugin_frames = plugin == NULL ? NULL : (allocate *)dlsym(plugin, "plugin_frames");

        MUST(plugin_frames != NULL);
        for (int k = 0; k < 5; k++) {
            one_caller(plugin_frames);
            other_caller(plugin_frames, 16 + (size_t)(i + k) % 8 * 16);
        }
        same += plugin_frames == last;
        last = plugin_frames;
        MUST(dlclose(plugin) == 0);
    }
    printf("same place %u\n", same);
    return 0;
}
