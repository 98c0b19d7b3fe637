/* Running a program with the library in it. */
#ifndef LEAKTRACE_TARGET_TRACED_H
#define LEAKTRACE_TARGET_TRACED_H

#include "target/launch.h"
#include "target/program.h"

/* Starts the program with `library` before all that LD_PRELOAD (`preload`) has, and with `options` as LEAKTRACE_OPTIONS when it
   is not empty. `verdict` is program_judge()'s of it. A negative result means that it runs: see launch_start(). Else it could
   not be started, that has been complained about, and the result is the exit status. */
int traced_start(char **program, const char *library, const char *preload, const char *options, enum program_verdict verdict,
                 struct launch *ret_launch);

#endif
