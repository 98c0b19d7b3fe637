/* The object store as a process of the exporter's own. */
#ifndef STORE_PROCESS_H
#define STORE_PROCESS_H

#include <stdint.h>

/* Starts the program object-store which lies beside this one. Returns its port, or 0. */
uint16_t start_object_store(void);

#endif
