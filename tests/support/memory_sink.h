/* A sink that keeps all bytes, and fails past `room`. For unit tests of encoders. */
#ifndef LEAKTRACE_TESTS_MEMORY_SINK_H
#define LEAKTRACE_TESTS_MEMORY_SINK_H

#include "base/sink.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct memory_sink {
    struct sink sink;
    uint8_t *bytes;
    size_t len;
    size_t room;
};

static inline int memory_sink_keep(struct sink *sink, const void *bytes, size_t len)
{
    struct memory_sink *memory = (struct memory_sink *)sink;

    if (len > memory->room - memory->len)
        return -ENOSPC;
    memcpy(memory->bytes + memory->len, bytes, len);
    memory->len += len;
    return 0;
}

#endif
