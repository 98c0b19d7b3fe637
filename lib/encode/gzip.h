/* A sink that compresses to gzip (RFC 1952) into another sink, by zlib, with memory from an arena only. */
#ifndef LEAKTRACE_ENCODE_GZIP_H
#define LEAKTRACE_ENCODE_GZIP_H

#include "base/sink.h"

#include <zlib.h>

struct arena;

struct gzip {
    struct sink sink;
    struct sink *below;
    z_stream stream;
    int error;
};

/* 0 or -ENOMEM. */
int gzip_begin(struct gzip *ret_gzip, struct sink *below, struct arena *arena);
/* Writes what is left; the sink cannot be used any more. 0 or the first error of the whole. */
int gzip_end(struct gzip *gzip);

#endif
