/* What children inherit: 20 blocks of 30 bytes, and six descriptors. */
#ifndef LEAKTRACE_INHERITED_H
#define LEAKTRACE_INHERITED_H

#include "specimen.h"

#include <fcntl.h>
#include <stdlib.h>

static void *blocks[20];

static int use(int fd)
{
    MUST(fd >= 0);
    return fd;
}

SITE void before_children(void)
{
    for (int i = 0; i < 20; i++) {
        blocks[i] = malloc(30);
        USE(blocks[i]);
    }
    for (int i = 0; i < 6; i++)
        use(open("/dev/null", O_RDWR));
}

#endif
