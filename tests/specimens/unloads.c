/* unloads ROUNDS NARROW WIDE [early]: loads two plugins by turns, each in the place of the other, and lets them allocate with
   the stack pointer at the same place, over what the other one has left on the stack. Prints how often a plugin lay where the
   other one had lain. If it is to be early, it does so while libraries are made ready, when early.so calls it. */
#include "specimen.h"

#include <alloca.h>
#include <dlfcn.h>
#include <stdint.h>

#define WORDS 64

typedef void *allocate(size_t size);
__attribute__((visibility("default"))) void run_early(int argc, char **argv);

/* What lay below this function's frame when the last plugin came back; put there again, for the loader's frames were there
 * since. */
static uintptr_t left[WORDS];
static volatile uintptr_t *left_at;

SITE void calls_plugin(allocate *plugin, size_t room)
{
    volatile char *own = alloca(room);
    volatile uintptr_t *end;
    void *block;

    own[0] = 1;
    __asm__ volatile("movq %%rsp, %0" : "=r"(end));
    for (int i = 0; left_at != NULL && i < WORDS && &left_at[i] < end; i++)
        left_at[i] = left[i];
    block = plugin(33);
    left_at = end - WORDS;
    for (int i = 0; i < WORDS; i++)
        left[i] = left_at[i];
    free(block);
}

static void run(char **argv)
{
    unsigned same = 0;
    allocate *last = NULL;

    for (int i = 0; i < atoi(argv[1]); i++) {
        void *plugin = dlopen(argv[2 + i % 2], RTLD_NOW);
        allocate *plugin_frames = plugin == NULL ? NULL : (allocate *)dlsym(plugin, "plugin_frames");

        MUST(plugin_frames != NULL);
        calls_plugin(plugin_frames, i % 2 == 0 ? 112 : 16);
        same += plugin_frames == last;
        last = plugin_frames;
        MUST(dlclose(plugin) == 0);
    }
    printf("same place %u\n", same);
}

void run_early(int argc, char **argv)
{
    if (argc == 5)
        run(argv);
}

int main(int argc, char **argv)
{
    MUST(argc == 4 || argc == 5);
    if (argc == 4)
        run(argv);
    return 0;
}
