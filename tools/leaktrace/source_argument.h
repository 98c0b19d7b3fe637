/* A SOURCE of the command line: a PID (which is asked for a dump first), a dump file, or a folder of dumps. */
#ifndef LEAKTRACE_TOOLS_SOURCE_ARGUMENT_H
#define LEAKTRACE_TOOLS_SOURCE_ARGUMENT_H

#include <stdbool.h>

struct source;

/* Adds what `argument` stands for: of a process the dump made now, of a folder the newest of each process; `every`: all
   dumps of the process, and all in the folder. False after a complaint. */
bool source_argument_add(struct source *source, const char *argument, bool every);

#endif
