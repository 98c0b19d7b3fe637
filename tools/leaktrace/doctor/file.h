/* The doctor's checks of a program's file. */
#ifndef LEAKTRACE_DOCTOR_FILE_H
#define LEAKTRACE_DOCTOR_FILE_H

#include <limits.h>
#include <stdbool.h>

struct findings;

/* Follows scripts from `path` to the program that is executed in the end, which it leaves in `path`; false when there is
   none, and that is among the findings. */
bool file_follow(char path[PATH_MAX], const char *search_path, struct findings *findings);

/* Adds what is to be said about the file: can it be loaded with leaktrace, and what will be seen of it. `path` is what is
   read, `shown` what it is called. `is_inside`: it was started by somebody else, with his own privileges.
   True when the loader can be asked about it (loading_examine). */
bool file_examine(const char *path, const char *shown, bool is_inside, struct findings *findings);

#endif
