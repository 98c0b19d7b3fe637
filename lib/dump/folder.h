/* The folder of the dumps. */
#ifndef LEAKTRACE_DUMP_FOLDER_H
#define LEAKTRACE_DUMP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* The absolute path of the folder: `dir`, or if that is empty leaktrace-<uid> in `tmpdir` or /tmp. False when it is too long. */
bool folder_choose(const char *dir, const char *tmpdir, char *ret_path, size_t size);
/* Makes the folder if it is not there, with mode 0700. One that leaktrace chose itself must be a real folder, ours, and closed to
   others. False, with a line the first time and whenever the reason changes, when it cannot be used. */
bool folder_prepare(const char *path);

#endif
