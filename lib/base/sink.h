/* Where bytes go: a chain of these makes a file (encoder, gzip, descriptor). */
#ifndef LEAKTRACE_BASE_SINK_H
#define LEAKTRACE_BASE_SINK_H

#include <stddef.h>

struct sink {
    /* Takes all bytes; 0 or -errno. After a failure every further call fails too. */
    int (*write)(struct sink *sink, const void *bytes, size_t len);
};

static inline int sink_write(struct sink *sink, const void *bytes, size_t len)
{
    return sink->write(sink, bytes, len);
}

/* A buffered file descriptor. sink_file_flush() must come last. */
struct sink_file {
    struct sink sink;
    int fd;
    int error;
    size_t used;
    char buf[16384];
};

void sink_file_init(struct sink_file *ret_sink, int fd);
int sink_file_flush(struct sink_file *file);

#endif
