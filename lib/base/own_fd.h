/*
 * Descriptors of leaktrace's own, out of the program's way.
 *
 * leaktrace's thread takes a descriptor table of its own: the program can then neither close its files, nor run it out of
 * numbers, nor see them. Where the kernel refuses every way to that, the table stays shared, and files are open only while a
 * dump is written.
 */
#ifndef LEAKTRACE_BASE_OWN_FD_H
#define LEAKTRACE_BASE_OWN_FD_H

#include <stdbool.h>

/* No thread is to have one: neither of the calls that it takes is safe here. */
void own_fd_stay_shared(void);
/* Only calls that all programs make, clone and close, are safe here. */
void own_fd_use_common_calls(void);
/* Runs `work` with an empty table of its own: in the calling thread; or, where a filter of system calls refuses unshare, as container
   engines' do, in a task of its own beside it, on its stack and with its thread-local storage, for which the thread waits; or, where
   that is refused too, in the calling thread with the program's table. To be called first in that thread. */
void own_fd_run(void (*work)(void));
/* Takes over whom the thread has become since: libc's setuid and its like change threads, and know of no task beside one. By
   whoever runs `work`, before it touches a file. */
void own_fd_follow(void);
/* The tasks that the kernel counts for it: 1 or 2. */
unsigned own_fd_tasks(void);
/* Whether the calling thread has a table of its own. */
bool own_fd_is_separate(void);
/* A descriptor of the program, made usable in the calling thread; give it back with own_fd_return(). < 0 on failure. */
int own_fd_borrow(int fd);
void own_fd_return(int borrowed);

#endif
