/* gzip and base64. Owns nothing between calls; called by page.c. */
#include "flame/pack.h"

#include "common.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's number for gzip with the largest window */
#define MEMORY_LEVEL 9

static void put_base64(FILE *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16 | (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (n > 2 ? bytes[i + 2] : 0);

        for (size_t j = 0; j < 4; j++)
            putc(j <= n ? digits[group >> (18 - 6 * j) & 63] : '=', out);
    }
}

void pack_put(FILE *out, const void *bytes, size_t len)
{
    z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)len};
    uint8_t *packed;
    uLong room;

    if (len > UINT32_MAX ||
        deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        must_end();
    room = deflateBound(&stream, (uLong)len);
    packed = must_grow(NULL, room, 1);
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    if (room > UINT32_MAX || deflate(&stream, Z_FINISH) != Z_STREAM_END)
        must_end();
    put_base64(out, packed, stream.total_out);
    deflateEnd(&stream);
    free(packed);
}
