/* The C interface, for programs that know of leaktrace: see include/leaktrace/leaktrace.h. */
#include "life/life.h"

#include "dump/control.h"
#include "hook/real.h"
#include "reach/roots.h"
#include "record/record.h"

#include <string.h>

HOOK void leaktrace_api_mark(void);
HOOK void leaktrace_api_dump(const char *reason);
HOOK void leaktrace_api_ignore_begin(void);
HOOK void leaktrace_api_ignore_end(void);
HOOK void leaktrace_api_root(const void *ptr, size_t size);
HOOK void leaktrace_api_unroot(const void *ptr);

void leaktrace_api_mark(void)
{
    if (life.stage == LIFE_RUNNING)
        control_mark();
}

void leaktrace_api_dump(const char *reason)
{
    if (life.stage == LIFE_RUNNING)
        control_dump_and_wait(reason == NULL ? "program" : reason);
}

void leaktrace_api_ignore_begin(void)
{
    record_ignore_begin();
}

void leaktrace_api_ignore_end(void)
{
    record_ignore_end();
}

void leaktrace_api_root(const void *ptr, size_t size)
{
    roots_add((uintptr_t)ptr, size);
}

void leaktrace_api_unroot(const void *ptr)
{
    roots_remove((uintptr_t)ptr);
}
