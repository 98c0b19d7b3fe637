/* The writer of protocol buffers. Owns nothing; called by encode/pprof. */
#include "encode/wire.h"

#include "base/sink.h"

#include <errno.h>
#include <string.h>

enum { TYPE_VARINT = 0, TYPE_BYTES = 2, VARINT_MAX = 10 };

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t len = 0;

    while (value >= 0x80) {
        at[len++] = (uint8_t)value | 0x80;
        value >>= 7;
    }
    at[len++] = (uint8_t)value;
    return len;
}

static size_t put_tag(uint8_t *at, unsigned field, unsigned type)
{
    return put_varint(at, field << 3 | type);
}

void wire_init(struct wire *ret_wire)
{
    ret_wire->len = 0;
    ret_wire->full = false;
}

static void append(struct wire *wire, const void *bytes, size_t len)
{
    if (len > WIRE_SIZE_MAX - wire->len) {
        wire->full = true;
        return;
    }
    memcpy(wire->bytes + wire->len, bytes, len);
    wire->len += len;
}

void wire_value(struct wire *values, uint64_t value)
{
    uint8_t buf[VARINT_MAX];

    append(values, buf, put_varint(buf, value));
}

void wire_uint(struct wire *wire, unsigned field, uint64_t value)
{
    uint8_t buf[2 * VARINT_MAX];
    size_t len = put_tag(buf, field, TYPE_VARINT);

    if (value == 0)
        return;
    append(wire, buf, len + put_varint(buf + len, value));
}

void wire_int(struct wire *wire, unsigned field, int64_t value)
{
    wire_uint(wire, field, (uint64_t)value);
}

void wire_bool(struct wire *wire, unsigned field, bool value)
{
    wire_uint(wire, field, value);
}

void wire_message(struct wire *wire, unsigned field, const struct wire *message)
{
    uint8_t buf[2 * VARINT_MAX];
    size_t len = put_tag(buf, field, TYPE_BYTES);

    append(wire, buf, len + put_varint(buf + len, message->len));
    append(wire, message->bytes, message->len);
    wire->full |= message->full;
}

void wire_packed(struct wire *wire, unsigned field, const struct wire *values)
{
    if (values->len > 0 || values->full)
        wire_message(wire, field, values);
}

static int write_bytes(struct sink *sink, unsigned field, const void *bytes, size_t len)
{
    uint8_t buf[2 * VARINT_MAX];
    size_t head = put_tag(buf, field, TYPE_BYTES);
    int result;

    head += put_varint(buf + head, len);
    result = sink_write(sink, buf, head);
    return result != 0 ? result : sink_write(sink, bytes, len);
}

int wire_write(struct sink *sink, unsigned field, const struct wire *message)
{
    return message->full ? -EMSGSIZE : write_bytes(sink, field, message->bytes, message->len);
}

int wire_write_text(struct sink *sink, unsigned field, const char *text, size_t len)
{
    return write_bytes(sink, field, text, len);
}

int wire_write_uint(struct sink *sink, unsigned field, uint64_t value)
{
    uint8_t buf[2 * VARINT_MAX];
    size_t len = put_tag(buf, field, TYPE_VARINT);

    return value == 0 ? 0 : sink_write(sink, buf, len + put_varint(buf + len, value));
}
