/* Names of C++ and Rust functions as their authors wrote them. */
#ifndef LEAKTRACE_SYMBOLIZE_DEMANGLE_H
#define LEAKTRACE_SYMBOLIZE_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* Longer names are cut: a mangled name of 200 bytes can stand for gigabytes. */
#define DEMANGLE_MAX 1024

/* Fills `ret_name` when `mangled` is a mangled name: with parameters, without the type of the result. */
bool demangle(const char *mangled, char ret_name[DEMANGLE_MAX]);

#endif
