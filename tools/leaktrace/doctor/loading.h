/* Whether the loader puts libleaktrace.so into a program, asked of the loader itself. */
#ifndef LEAKTRACE_DOCTOR_LOADING_H
#define LEAKTRACE_DOCTOR_LOADING_H

struct findings;

/* Has the system's loader list what it would load for the program with the library preloaded; no code of the program is
   run. Adds what it says of the library, and of other libraries that matter to it. */
void loading_examine(const char *program, const char *library, struct findings *findings);

#endif
