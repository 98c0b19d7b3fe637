/* Debug files from the servers that DEBUGINFOD_URLS names, through elfutils' client, which keeps them in a cache. */
#ifndef LEAKTRACE_SYMBOLIZE_DEBUGINFOD_H
#define LEAKTRACE_SYMBOLIZE_DEBUGINFOD_H

/* The debug file of a build id (in hexadecimal): a descriptor, which the caller closes, and its path, malloc'ed. -errno
   when no server has it, none answers, or the client (libdebuginfod.so.1) is not installed; the last is said once. */
int debuginfod_fetch(const char *build_id, char **ret_path);

#endif
