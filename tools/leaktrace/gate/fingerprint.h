/*
 * Names of leaks that stay the same when the program is built anew: with moved lines, by another compiler, on another
 * machine.
 *
 * A fingerprint stands for the kind and for the functions of the user's own code that the stack runs through. Addresses
 * and lines are no part of it, nor are libraries of the system, parameters, template arguments, what compilers append to
 * the names of clones, and how often a function calls itself.
 */
#ifndef LEAKTRACE_GATE_FINGERPRINT_H
#define LEAKTRACE_GATE_FINGERPRINT_H

#include <stddef.h>

struct arena;
struct places_frame;

struct fingerprint {
    char id[17];       /* 16 hexadecimal digits */
    const char *stack; /* what they stand for: "leaf < caller < ..." */
};

/* The stack lives in `arena`. */
struct fingerprint fingerprint_of(struct arena *arena, const char *kind, const struct places_frame *const *frames,
                                  size_t n_frames);
/* The digits for a kind and a normalized stack. */
void fingerprint_hash(const char *kind, const char *stack, char ret_id[17]);
/* A function's name without all that is not the author's; malloc'ed. */
char *fingerprint_normalize(const char *function);

#endif
