/* The client of the object store. */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>
#include <stdint.h>

struct object {
    int connection; /* the caller's, until close_object() */
    char data[1024];
};

/* On failure nothing is left open. */
bool get_object(uint16_t port, const char *name, struct object *object);
void close_object(struct object *object);

#endif
