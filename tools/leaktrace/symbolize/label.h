/* Names that are none: what the library and other tools write where they have no name. */
#ifndef LEAKTRACE_SYMBOLIZE_LABEL_H
#define LEAKTRACE_SYMBOLIZE_LABEL_H

#include <stdbool.h>

/* Whether a name is empty or of the form FILE+0xOFFSET, with the name of the module's file. */
bool label_is(const char *name, const char *module);

#endif
