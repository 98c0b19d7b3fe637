/* The functions that a program defines itself although libleaktrace.so stands in front of them. */
#ifndef LEAKTRACE_DOCTOR_EXPORTS_H
#define LEAKTRACE_DOCTOR_EXPORTS_H

struct binary;
struct findings;

/* Adds what follows from the program's symbols: an allocator or a sanitizer of its own, other functions of its own. */
void exports_examine(const struct binary *binary, struct findings *findings);

#endif
