/* Comes to the place of first.c. */
#define ALLOCATES second_allocates
#include "first.c"
