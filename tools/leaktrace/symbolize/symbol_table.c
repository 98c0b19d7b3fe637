/* Symbol tables. Owns nothing; called by symbolize.c. */
#include "symbolize/symbol_table.h"

#include "common.h"
#include "snapshot/modules.h"
#include "snapshot/symbols.h"
#include "symbolize/frames.h"
#include "symbolize/label.h"
#include "symbolize/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned read_build_id(const char *hex, uint8_t ret_id[MODULE_BUILD_ID_MAX])
{
    unsigned n = 0;

    while (n < MODULE_BUILD_ID_MAX && sscanf(hex + (size_t)2 * n, "%2hhx", &ret_id[n]) == 1)
        n++;
    return n;
}

void symbol_table_read(const struct search_module *search, const char *path, struct address *addresses, size_t n,
                       struct arena *arena)
{
    struct module module = {.path = path};
    struct symbol_query *queries = must_grow(NULL, n, sizeof(*queries));
    size_t n_queries = 0;

    module.build_id_len = read_build_id(search->build_id, module.build_id);
    for (size_t i = 0; i < n; i++)
        if (addresses[i].symbol == NULL)
            queries[n_queries++] = (struct symbol_query){.pc = addresses[i].address};
    if (symbols_resolve(&module, queries, n_queries, arena) != 0)
        must_end();
    for (size_t i = 0, at = 0; i < n; i++)
        if (addresses[i].symbol == NULL && !label_is(queries[at++].name, path))
            addresses[i].symbol = queries[at - 1].name;
    free(queries);
}
