/*
 * Others who have the heap: an allocator that stands before leaktrace or in the program itself, a sanitizer, valgrind. Owns nothing.
 *
 * Where the program's malloc is not leaktrace's hook, or where every block is another tool's business, no heap block is recorded:
 * part of them would be a wrong figure. Descriptors and threads are traced all the same.
 */
#include "life/life.h"

#include "base/log.h"
#include "base/own_fd.h"
#include "hook/real.h"
#include "record/record.h"
#include "store/kind.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

/* Each sanitizer's runtime has one of these. */
extern const char __asan_init[] __attribute__((weak));
extern const char __hwasan_init[] __attribute__((weak));
extern const char __msan_init[] __attribute__((weak));
extern const char __tsan_init[] __attribute__((weak));

static const char *sanitizer(void)
{
    if (__asan_init != NULL || __hwasan_init != NULL)
        return "AddressSanitizer";
    if (__msan_init != NULL)
        return "MemorySanitizer";
    return __tsan_init != NULL ? "ThreadSanitizer" : NULL;
}

static struct {
    pthread_t self;
    void *(*real)(size_t size);
    bool reached;
} probe;

static void *note(size_t size)
{
    if (pthread_equal(probe.self, pthread_self()))
        probe.reached = true;
    return probe.real(size);
}

/* Whether what a program calls malloc is leaktrace's hook, seen by a call. The block is none of the program's, and unknown. */
static bool malloc_is_ours(void)
{
    void *block;

    probe.self = pthread_self();
    probe.real = real_malloc;
    __atomic_store_n(&real_malloc, note, __ATOMIC_RELEASE);
    block = malloc(1);
    __atomic_store_n(&real_malloc, probe.real, __ATOMIC_RELEASE);
    if (probe.reached)
        real_free(block);
    else
        free(block);
    return probe.reached;
}

/* The path of the object that has the program's malloc, "" for the program itself. NULL: it is leaktrace's, but valgrind has put
   another one in its place. */
static const char *owner_of_malloc(void)
{
    void *function = dlsym(RTLD_DEFAULT, "malloc");
    struct dl_find_object object, own;

    if (function == NULL || _dl_find_object(function, &object) != 0 || _dl_find_object((void *)note, &own) != 0 ||
        object.dlfo_link_map == own.dlfo_link_map)
        return NULL;
    return object.dlfo_link_map->l_name;
}

/* `why` is a format with one %s. */
static void leave_heap(const char *why, const char *owner)
{
    const uint32_t heap = 1u << KIND_HEAP;

    if ((life.options.profiles & heap) == 0)
        return;
    log_line(why, owner);
    life.options.profiles &= ~heap;
    record_enable(life.options.profiles);
}

void company_look(void)
{
    const char *owner = sanitizer();

    if (confine_is_filtered())
        own_fd_use_common_calls(); /* who knows what happens to others */
    if (owner != NULL) {
        leave_heap("the program is built with %s, which has the heap: heap blocks are not traced", owner);
        return;
    }
    if (malloc_is_ours())
        return;
    owner = owner_of_malloc();
    if (owner == NULL) {
        own_fd_stay_shared(); /* valgrind knows the calls that were there when it was made, and has a line for any other */
        leave_heap("%s has the heap: heap blocks are not traced", "valgrind");
    } else {
        leave_heap("malloc is that of %s, which comes before leaktrace: heap blocks are not traced",
                   *owner == '\0' ? "the program itself" : owner);
    }
}

/* AddressSanitizer asks for this function, and for no other way to be told. It else refuses to run behind a preloaded object; it
   may, for the hooks call what stands behind them. What the program itself says of it comes first, and so does the environment. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "verify_asan_link_order=0";
}
