/* Demangling by libiberty. Owns nothing; called by names.c and places.c. */
#include "symbolize/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#define OPTIONS (DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP)

struct output {
    char *name;
    size_t len;
    jmp_buf full;
};

/* Receives the name in pieces. Leaving by longjmp is the one way to stop libiberty; it holds nothing but stack for C++.
 */
static void take_piece(const char *piece, size_t len, void *opaque)
{
    struct output *output = opaque;
    size_t room = DEMANGLE_MAX - 1 - output->len;

    memcpy(output->name + output->len, piece, len < room ? len : room);
    output->len += len < room ? len : room;
    if (len > room)
        longjmp(output->full, 1);
}

typedef int demangle_language(const char *mangled, int options, demangle_callbackref callback, void *opaque);

/* `output` belongs to the caller: longjmp leaves what this function itself holds in doubt. */
static bool demangle_as(demangle_language *language, const char *mangled, struct output *output)
{
    output->len = 0;
    if (setjmp(output->full) == 0 && !language(mangled, OPTIONS, take_piece, output))
        return false;
    output->name[output->len] = '\0';
    return true;
}

bool demangle(const char *mangled, char ret_name[DEMANGLE_MAX])
{
    struct output output = {.name = ret_name};

    if (mangled[0] != '_')
        return false;
    return demangle_as(rust_demangle_callback, mangled, &output) || demangle_as(cplus_demangle_v3_callback, mangled, &output);
}
