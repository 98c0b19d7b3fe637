/* The functions that the kernel lends to each process, in memory of its own. */
#ifndef LEAKTRACE_BASE_VDSO_H
#define LEAKTRACE_BASE_VDSO_H

/* A function of the kernel's by its name; NULL when it lends none of that name. Safe everywhere, takes no lock. */
void *vdso_find(const char *name);

#endif
