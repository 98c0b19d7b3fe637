/*
 * Converters of character sets. Owns the list of those that stacks have run through.
 *
 * iconv_open and iconv_close load them, and unload them when they like, by no call that could be hooked. What came to their place would
 * have its stacks walked by their rules. So a converter that a stack has run through stays loaded for good: before the next of
 * these calls, for no other unloads. The calls are the last thing that these hooks do, so that no stack ends in them.
 */
#include "life/life.h"

#include "base/lock.h"
#include "hook/real.h"
#include "record/record.h"
#include "snapshot/modules.h"

#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <link.h>
#include <string.h>

#define FOLDER "/gconv/"
#define NAME_MAX_BYTES 256
#define CONVERTERS_MAX 64

static struct {
    struct lock lock;
    struct converter {
        const struct link_map *module;
        char name[NAME_MAX_BYTES];
    } seen[CONVERTERS_MAX];
    unsigned count;
    unsigned kept; /* of them, the first so many */
} converters = {.lock = LOCK_INIT(LOCK_RANK_MODULE)};

static bool is_seen(const struct link_map *module)
{
    unsigned i = 0;

    while (i < converters.count && converters.seen[i].module != module)
        i++;
    return i < converters.count;
}

static void add(const struct link_map *module)
{
    struct converter *converter = &converters.seen[converters.count];
    size_t size = strlen(module->l_name) + 1;

    if (is_seen(module) || converters.count == CONVERTERS_MAX || size > sizeof(converter->name))
        return;
    memcpy(converter->name, module->l_name, size);
    converter->module = module;
    __atomic_store_n(&converters.count, converters.count + 1, __ATOMIC_RELEASE);
}

void converter_look_at(const struct link_map *module)
{
    if (strstr(module->l_name, FOLDER) == NULL || !lock_acquire(&converters.lock))
        return;
    add(module);
    lock_release(&converters.lock);
}

/* In a forked child the loader may hang. */
static void keep_new(void)
{
    unsigned count = __atomic_load_n(&converters.count, __ATOMIC_ACQUIRE);
    unsigned first = __atomic_exchange_n(&converters.kept, count, __ATOMIC_ACQ_REL);
    int saved = errno;

    if (first >= count || modules_are_frozen())
        return;
    record_ignore_begin();
    for (unsigned i = first; i < count; i++)
        dlopen(converters.seen[i].name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    record_ignore_end();
    errno = saved;
}

void converter_after_fork(void)
{
    lock_reset(&converters.lock);
}

HOOK iconv_t iconv_open(const char *to, const char *from)
{
    keep_new();
    return real_iconv_open(to, from);
}

HOOK int iconv_close(iconv_t converter)
{
    keep_new();
    return real_iconv_close(converter);
}
