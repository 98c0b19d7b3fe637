/*
 * The client of debuginfod. Owns the loaded library and its connection, for as long as the command runs; called by
 * search.c.
 *
 * The library is loaded when it is needed: it brings a whole HTTP client along.
 */
#include "symbolize/debuginfod.h"

#include "common.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#define LIBRARY "libdebuginfod.so.1"

typedef struct debuginfod_client *begin_function(void);
typedef int find_function(struct debuginfod_client *client, const unsigned char *build_id, int build_id_len, char **path);

static struct {
    struct debuginfod_client *client;
    find_function *find; /* NULL: not there */
    bool tried;
} debuginfod;

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW);
    begin_function *begin;

    debuginfod.tried = true;
    if (library == NULL) {
        complain("DEBUGINFOD_URLS is set, but %s is not installed: no server is asked", LIBRARY);
        return;
    }
    *(void **)&begin = dlsym(library, "debuginfod_begin");
    *(void **)&debuginfod.find = dlsym(library, "debuginfod_find_debuginfo");
    debuginfod.client = begin == NULL ? NULL : begin();
    if (debuginfod.client == NULL)
        debuginfod.find = NULL;
}

int debuginfod_fetch(const char *build_id, char **ret_path)
{
    if (!debuginfod.tried)
        load();
    if (debuginfod.find == NULL)
        return -ENOSYS;
    /* Length 0: it is a text in hexadecimal. */
    return debuginfod.find(debuginfod.client, (const unsigned char *)build_id, 0, ret_path);
}
