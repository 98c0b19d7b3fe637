/* Bytes as text that is safe everywhere in HTML: gzip, then base64. */
#ifndef LEAKTRACE_FLAME_PACK_H
#define LEAKTRACE_FLAME_PACK_H

#include <stddef.h>
#include <stdio.h>

void pack_put(FILE *out, const void *bytes, size_t len);

#endif
