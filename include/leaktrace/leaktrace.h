/*
 * leaktrace: for programs that want to talk to their tracer.
 *
 * Header only, nothing to link. Every call does nothing when libleaktrace.so is not loaded. C and C++; all are thread-safe, none is
 * safe in a signal handler.
 */
#ifndef LEAKTRACE_LEAKTRACE_H
#define LEAKTRACE_LEAKTRACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern void leaktrace_api_mark(void) __attribute__((weak));
extern void leaktrace_api_dump(const char *reason) __attribute__((weak));
extern void leaktrace_api_ignore_begin(void) __attribute__((weak));
extern void leaktrace_api_ignore_end(void) __attribute__((weak));
extern void leaktrace_api_root(const void *ptr, size_t size) __attribute__((weak));
extern void leaktrace_api_unroot(const void *ptr) __attribute__((weak));

/* Sets the growth mark: the *_growth profiles show what was acquired after it and is still live. */
static inline void leaktrace_mark(void)
{
    if (leaktrace_api_mark)
        leaktrace_api_mark();
}

/* Makes a dump and waits until it is written. `reason` stands in its comments; it must stay valid until the call returns. */
static inline void leaktrace_dump(const char *reason)
{
    if (leaktrace_api_dump)
        leaktrace_api_dump(reason);
}

/* Between these two calls nothing that this thread acquires is recorded. They nest. */
static inline void leaktrace_ignore_begin(void)
{
    if (leaktrace_api_ignore_begin)
        leaktrace_api_ignore_begin();
}

static inline void leaktrace_ignore_end(void)
{
    if (leaktrace_api_ignore_end)
        leaktrace_api_ignore_end();
}

/* What this memory points to can be reached (option leaks), wherever the memory lies, until leaktrace_unroot() of the same address:
   for allocators of one's own, whose memory nothing else points to. */
static inline void leaktrace_root(const void *ptr, size_t size)
{
    if (leaktrace_api_root)
        leaktrace_api_root(ptr, size);
}

static inline void leaktrace_unroot(const void *ptr)
{
    if (leaktrace_api_unroot)
        leaktrace_api_unroot(ptr);
}

#ifdef __cplusplus
}
#endif

#endif
