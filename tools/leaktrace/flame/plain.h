/* The part of the page that needs no script: the sites as tables. */
#ifndef LEAKTRACE_FLAME_PLAIN_H
#define LEAKTRACE_FLAME_PLAIN_H

#include <stdio.h>

struct flame_page;

void flame_plain_write(const struct flame_page *page, FILE *out);

#endif
