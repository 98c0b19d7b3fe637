/* Text of unknown origin in HTML. */
#ifndef LEAKTRACE_FLAME_HTML_H
#define LEAKTRACE_FLAME_HTML_H

#include <stdio.h>

/* Puts a text where an element's content or a quoted attribute stands: it cannot end or begin anything there. Invalid
   UTF-8, controls, and what turns the direction of writing become U+FFFD. */
void html_put(FILE *out, const char *text);

#endif
