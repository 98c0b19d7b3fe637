/* Unloading of modules: what is about to go is noted down first, so that stacks through it can still be named. */
#include "life/life.h"

#include "hook/real.h"
#include "snapshot/modules.h"

HOOK int dlclose(void *handle)
{
    int result;

    if (life.stage != LIFE_RUNNING)
        return real_dlclose(handle);
    modules_refresh();
    result = real_dlclose(handle);
    modules_refresh();
    return result;
}
