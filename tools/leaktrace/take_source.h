/* What a SOURCE of the command line stands for. */
#ifndef LEAKTRACE_TOOLS_TAKE_SOURCE_H
#define LEAKTRACE_TOOLS_TAKE_SOURCE_H

#include <stdbool.h>

struct source;

/* Adds the dumps that `argument` stands for: a PID (which is asked for a dump), a dump file, or a folder of dumps. False
   after a complaint. */
bool take_source(struct source *source, const char *argument);
/* The same for a history: of a PID all dumps that are in its folder, the one made now being the last; of a folder all
   dumps of each process, not the newest alone. */
bool take_series(struct source *source, const char *argument);

#endif
