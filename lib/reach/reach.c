/* The scan. Owns nothing; called by snapshot/. */
#include "reach/reach.h"

#include "base/memory.h"
#include "base/sys.h"
#include "reach/maps.h"
#include "reach/mark.h"
#include "reach/roots.h"

#include <errno.h>

const char *const reach_class_names[REACH_CLASSES] = {
    [REACH_DEFINITE] = "definite",
    [REACH_INDIRECT] = "indirect",
    [REACH_POSSIBLE] = "possible",
    [REACH_REACHABLE] = "reachable",
};

void reach_begin(struct reach *ret_reach)
{
    *ret_reach = (struct reach){.ns = -sys_monotonic_ns()};
    park_all(&ret_reach->parked);
}

static int find(struct reach *reach, struct maps *maps, struct marker *marker)
{
    int result = blocks_init(&reach->blocks);

    if (result == 0)
        result = maps_init(maps, reach->parked.missed > 0);
    if (result == 0)
        result = mark_init(marker, &reach->blocks, maps);
    if (result == 0)
        result = roots_mark(marker, &reach->parked);
    if (result == 0 && !mark_finish(marker))
        result = -ETIMEDOUT;
    reach->bytes = maps->bytes;
    return result;
}

int reach_find(struct reach *reach)
{
    struct maps maps = {.pagemap = -1};
    struct marker marker = {.blocks = &reach->blocks};
    int result = find(reach, &maps, &marker);

    reach->own_bytes = memory_used();
    mark_release(&marker);
    maps_release(&maps);
    return result;
}

enum reach_class reach_class_of(const struct reach *reach, uintptr_t addr)
{
    bool is_start = false;
    uint32_t block = blocks_find(&reach->blocks, addr, &is_start);

    if (block == BLOCKS_NONE || !is_start)
        return REACH_REACHABLE;
    switch (blocks_state(&reach->blocks, block)) {
    case BLOCK_DEFINITE:
        return REACH_DEFINITE;
    case BLOCK_INDIRECT:
        return REACH_INDIRECT;
    case BLOCK_POSSIBLE:
        return REACH_POSSIBLE;
    default:
        return REACH_REACHABLE;
    }
}

void reach_end(struct reach *reach)
{
    blocks_release(&reach->blocks);
    park_end();
    reach->ns += sys_monotonic_ns();
}

void reach_after_fork(void)
{
    park_after_fork();
    roots_after_fork();
}
