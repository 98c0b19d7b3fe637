/*
 * Descriptors of leaktrace's own, out of the program's way.
 *
 * leaktrace's thread takes a descriptor table of its own: the program can then neither close its files, nor run it out of
 * numbers, nor see them. Where the kernel refuses that (seccomp), the table stays shared, and files are open only while a dump
 * is written.
 */
#ifndef LEAKTRACE_BASE_OWN_FD_H
#define LEAKTRACE_BASE_OWN_FD_H

#include <stdbool.h>

/* No thread is to have one: the calls that it takes are not safe here. */
void own_fd_stay_shared(void);
/* Gives the calling thread an empty table of its own, if the kernel lets it. To be called once, first, in that thread. */
void own_fd_separate(void);
/* Whether the calling thread has a table of its own. */
bool own_fd_is_separate(void);
/* A descriptor of the program, made usable in the calling thread; give it back with own_fd_return(). < 0 on failure. */
int own_fd_borrow(int fd);
void own_fd_return(int borrowed);

#endif
