/* What a reader of the result must know beside it: what was not looked at, what is out of date. One line each. */
#ifndef LEAKTRACE_GATE_NOTES_H
#define LEAKTRACE_GATE_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct notes {
    char **lines;
    size_t n;
};

void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds what the library has said in the file `log`: each line once, at most some. A file that is not there says nothing. Whether a
   process says there that it has given its last dump up. */
bool notes_add_log(struct notes *notes, const char *log);
void notes_release(struct notes *notes);

#endif
