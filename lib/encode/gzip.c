/* Compression. Owns nothing; called by dump/. */
#include "encode/gzip.h"

#include "base/arena.h"

#include <errno.h>

#define LEVEL 1 /* the dump is made in the program's time; the next levels save a tenth of the bytes for twice the time */
#define WINDOW_BITS_GZIP (15 + 16) /* zlib's way to ask for gzip's header */
#define MEMORY_LEVEL 8

static voidpf take_memory(voidpf arena, uInt items, uInt size)
{
    return arena_alloc(arena, (size_t)items * size);
}

static void leave_memory(voidpf arena, voidpf ptr)
{
    (void)arena, (void)ptr;
}

/* Runs the compressor until it has taken its input, or with Z_FINISH until it is done. */
static int run(struct gzip *gzip, int flush)
{
    unsigned char out[8192];
    int status;

    do {
        gzip->stream.next_out = out;
        gzip->stream.avail_out = sizeof(out);
        status = deflate(&gzip->stream, flush);
        if (status == Z_STREAM_ERROR)
            return -EIO;
        if (gzip->stream.avail_out < sizeof(out))
            gzip->error = sink_write(gzip->below, out, sizeof(out) - gzip->stream.avail_out);
    } while (gzip->error == 0 && (flush == Z_FINISH ? status != Z_STREAM_END : gzip->stream.avail_out == 0));
    return gzip->error;
}

static int gzip_write(struct sink *sink, const void *bytes, size_t len)
{
    struct gzip *gzip = (struct gzip *)sink;

    if (gzip->error != 0)
        return gzip->error;
    gzip->stream.next_in = (Bytef *)bytes;
    gzip->stream.avail_in = (uInt)len;
    gzip->error = run(gzip, Z_NO_FLUSH);
    return gzip->error;
}

int gzip_begin(struct gzip *ret_gzip, struct sink *below, struct arena *arena)
{
    *ret_gzip = (struct gzip){
        .sink = {.write = gzip_write},
        .below = below,
        .stream = {.zalloc = take_memory, .zfree = leave_memory, .opaque = arena},
    };
    if (deflateInit2(&ret_gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    return 0;
}

int gzip_end(struct gzip *gzip)
{
    int result = gzip->error;

    if (result == 0)
        result = run(gzip, Z_FINISH);
    deflateEnd(&gzip->stream);
    return result;
}
