/* leaktrace's share of the process's memory. Owns nothing. */
#include "life/life.h"

#include "base/limits.h"

uint64_t limit_memory(const struct options *options)
{
    return options->memory_bytes != 0 ? options->memory_bytes : limits_memory() / 100 * options->memory_percent;
}
