/* Where libleaktrace.so is. */
#ifndef LEAKTRACE_TARGET_LIBRARY_H
#define LEAKTRACE_TARGET_LIBRARY_H

#include <limits.h>

struct text;

/* The absolute path of the library: `named` if it is not NULL, else beside the command's own file, in the folders of an
   installation next to it, or where it was built to be installed. 0; or -ENOENT, or -EINVAL for a path that LD_PRELOAD
   cannot express, with a line in `ret_why`. */
int library_find(const char *named, char ret_path[PATH_MAX], struct text *ret_why);

#endif
