/*
 * Protocol buffers' wire format, as far as profile.proto needs it: varints and length-delimited fields.
 *
 * A message is built in a buffer of fixed size and written as a field of the one around it. What does not fit is refused.
 */
#ifndef LEAKTRACE_ENCODE_WIRE_H
#define LEAKTRACE_ENCODE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_SIZE_MAX 8192

struct sink;

struct wire {
    size_t len;
    bool full; /* something did not fit: the message is not whole */
    uint8_t bytes[WIRE_SIZE_MAX];
};

void wire_init(struct wire *ret_wire);
/* A field with a number; 0 is the default and is left out. */
void wire_uint(struct wire *wire, unsigned field, uint64_t value);
void wire_int(struct wire *wire, unsigned field, int64_t value);
void wire_bool(struct wire *wire, unsigned field, bool value);
/* Fields of packed repeated numbers: the values follow one by one and are closed by their own message. */
void wire_packed(struct wire *wire, unsigned field, const struct wire *values);
void wire_value(struct wire *values, uint64_t value);
void wire_message(struct wire *wire, unsigned field, const struct wire *message);

/* Writes `message`, or text, as a field of the outermost message. 0 or -errno; -EMSGSIZE when the message is not whole. */
int wire_write(struct sink *sink, unsigned field, const struct wire *message);
int wire_write_text(struct sink *sink, unsigned field, const char *text, size_t len);
int wire_write_uint(struct sink *sink, unsigned field, uint64_t value);

#endif
