/*
 * Modules that come and go. Owns nothing.
 *
 * What is about to go is noted down first, so that stacks through it can still be named. What has come to its place is seen
 * when a stack first runs through it: then record/ asks the loader for its unwind table, by _dl_find_object, and this call goes
 * through a function of this file (the linker's --wrap). A hook of dlopen would not do: the loader looks at who calls it.
 */
#include "life/life.h"

#include "hook/real.h"
#include "record/record.h"
#include "record/unwind_rule.h"
#include "snapshot/modules.h"
#include "store/heap_region.h"

#include <dlfcn.h>

/* Stacks are taken: also those of libraries that are made ready before this one is. */
static bool is_recording(void)
{
    return life.stage == LIFE_RUNNING || (life.stage == LIFE_RECORDING && record_is_on());
}

int __real__dl_find_object(void *address, struct dl_find_object *ret_object);
int __wrap__dl_find_object(void *address, struct dl_find_object *ret_object);

int __wrap__dl_find_object(void *address, struct dl_find_object *ret_object)
{
    int result = __real__dl_find_object(address, ret_object);

    if (result == 0 && is_recording()) {
        modules_look_at((uintptr_t)address, ret_object);
        converter_look_at(ret_object->dlfo_link_map);
    }
    return result;
}

HOOK int dlclose(void *handle)
{
    bool suspended;
    int result;

    if (!is_recording())
        return real_dlclose(handle);
    /* In a forked child the loader may hang, but so would this call. */
    modules_probe_loader();
    modules_refresh();
    /* Another thread may load what comes to its place before it is seen here that it has gone. */
    suspended = __atomic_load_n(&heap_region_shared, __ATOMIC_RELAXED) && unwind_rule_suspend();
    result = real_dlclose(handle);
    modules_refresh();
    if (suspended)
        unwind_rule_resume();
    return result;
}
