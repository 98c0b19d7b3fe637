/* Processes that have left no last dump. */
#ifndef LEAKTRACE_GATE_LEFTOVERS_H
#define LEAKTRACE_GATE_LEFTOVERS_H

struct notes;

/* Adds notes on the processes that have ended without a last dump, and on those that still run: both have left their
   status file in the folder. */
void leftovers_note(struct notes *notes, const char *folder);

#endif
