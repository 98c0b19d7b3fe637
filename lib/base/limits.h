/*
 * The limits under which the process runs: those of its cgroup and of the groups around it (version 2 or 1), its rlimits, and the
 * machine's. They are read anew at each call, since they can be changed from outside. UINT64_MAX: none is known.
 */
#ifndef LEAKTRACE_BASE_LIMITS_H
#define LEAKTRACE_BASE_LIMITS_H

#include <stdint.h>

uint64_t limits_memory(void);  /* bytes */
uint64_t limits_fds(void);     /* open descriptors */
uint64_t limits_threads(void);

/* Where the files of cgroups are looked for: <root>/proc/self/cgroup and <root>/sys/fs/cgroup. "" at the start; for tests. */
void limits_set_root(const char *root);

#endif
