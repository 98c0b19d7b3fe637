/* The names of CTest's tests, which it does not tell the programs that it starts: they stand in CTestTestfile.cmake. */
#ifndef LEAKTRACE_GATE_CTEST_H
#define LEAKTRACE_GATE_CTEST_H

struct arena;

/* The name of the test in the build folder `folder`, or in one below that its list names, whose command line (words separated
   by blanks, maybe cut off) is `command`. Lives in `arena`; NULL when there is none. */
const char *ctest_find(struct arena *arena, const char *folder, const char *command);

#endif
