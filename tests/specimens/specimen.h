/* What specimens share. */
#ifndef LEAKTRACE_SPECIMEN_H
#define LEAKTRACE_SPECIMEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A function whose name a test asks for: it stays in the stacks as it is written. */
#ifdef __cplusplus
#define SITE extern "C" __attribute__((noipa))
#else
#define SITE __attribute__((noipa))
#endif

/* The compiler must believe that the pointer is needed. */
#define USE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* A specimen that is not what its test takes it for says so, and fails. */
#define MUST(condition)                                                                                                        \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);                         \
            exit(99);                                                                                                          \
        }                                                                                                                      \
    } while (0)

#endif
