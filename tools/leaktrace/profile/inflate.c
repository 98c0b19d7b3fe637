/* Files and gzip data into memory. Owns nothing; called by profile.c. */
#include "profile/inflate.h"

#include "base/text.h"
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define FIRST_SIZE (64ul * 1024)

struct buffer {
    uint8_t *bytes;
    size_t len;
    size_t size;
};

/* Makes room behind `len`: never more than one byte past `bytes_max`, enough to see that there is too much. */
static void make_room(struct buffer *buffer, size_t bytes_max)
{
    if (buffer->len < buffer->size)
        return;
    buffer->size = buffer->size == 0 ? FIRST_SIZE : buffer->size * 2;
    if (buffer->size > bytes_max + 1)
        buffer->size = bytes_max + 1;
    buffer->bytes = must_grow(buffer->bytes, buffer->size, 1);
}

static int too_large(struct text *ret_why, size_t bytes_max)
{
    text_format(ret_why, "larger than the %zu bytes that are read at most", bytes_max);
    return -EFBIG;
}

bool inflate_is_gzip(const uint8_t *bytes, size_t len)
{
    return len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static int inflate_members(z_stream *stream, size_t bytes_max, struct buffer *out, struct text *ret_why)
{
    int ret = Z_OK;

    for (;;) {
        make_room(out, bytes_max);
        stream->next_out = out->bytes + out->len;
        stream->avail_out = (uInt)(out->size - out->len);
        ret = inflate(stream, Z_NO_FLUSH);
        out->len = (size_t)(stream->next_out - out->bytes);
        if (out->len > bytes_max)
            return too_large(ret_why, bytes_max);
        if (ret == Z_STREAM_END && stream->avail_in == 0)
            return 0;
        if (ret == Z_STREAM_END)
            ret = inflateReset(stream);
        if (ret != Z_OK) {
            text_add(ret_why, ret == Z_BUF_ERROR ? "the gzip data is cut off" : "the gzip data is damaged");
            return -EINVAL;
        }
    }
}

int inflate_all(const uint8_t *bytes, size_t len, size_t bytes_max, uint8_t **ret_bytes, size_t *ret_len,
                struct text *ret_why)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
    struct buffer out = {0};
    int ret;

    if (len > UINT32_MAX || bytes_max >= UINT32_MAX)
        return too_large(ret_why, UINT32_MAX);
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
        text_add(ret_why, "out of memory");
        return -ENOMEM;
    }
    ret = inflate_members(&stream, bytes_max, &out, ret_why);
    inflateEnd(&stream);
    if (ret != 0) {
        free(out.bytes);
        return ret;
    }
    *ret_bytes = out.bytes;
    *ret_len = out.len;
    return 0;
}

static int read_all(int fd, size_t bytes_max, struct buffer *in, struct text *ret_why)
{
    ssize_t n;

    do {
        make_room(in, bytes_max);
        n = read(fd, in->bytes + in->len, in->size - in->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            text_add(ret_why, strerror(errno));
            return -errno;
        }
        in->len += (size_t)n;
        if (in->len > bytes_max)
            return too_large(ret_why, bytes_max);
    } while (n != 0);
    return 0;
}

int inflate_read_file(const char *path, size_t bytes_max, uint8_t **ret_bytes, size_t *ret_len, struct text *ret_why)
{
    struct buffer in = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int ret;

    if (fd < 0) {
        text_add(ret_why, strerror(errno));
        return -errno;
    }
    ret = read_all(fd, bytes_max, &in, ret_why);
    close(fd);
    if (ret != 0) {
        free(in.bytes);
        return ret;
    }
    *ret_bytes = in.bytes;
    *ret_len = in.len;
    return 0;
}
