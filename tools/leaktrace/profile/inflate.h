/* A whole file, and whole gzip data, into memory. Results are malloc'ed and the caller's; errors leave a line. */
#ifndef LEAKTRACE_PROFILE_INFLATE_H
#define LEAKTRACE_PROFILE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

bool inflate_is_gzip(const uint8_t *bytes, size_t len);
/* Decompresses all members. 0; or -EINVAL, or -EFBIG when there are more than `bytes_max` bytes. */
int inflate_all(const uint8_t *bytes, size_t len, size_t bytes_max, uint8_t **ret_bytes, size_t *ret_len,
                struct text *ret_why);
/* 0; or -EFBIG, or -errno of open and read. */
int inflate_read_file(const char *path, size_t bytes_max, uint8_t **ret_bytes, size_t *ret_len, struct text *ret_why);

#endif
