/* A dump of a traced process, made now. */
#ifndef LEAKTRACE_TARGET_ASK_DUMP_H
#define LEAKTRACE_TARGET_ASK_DUMP_H

#include "target/target.h"

/* Which dump it became: its files are in `target.status.dir`, and their names begin with <exe>.<pid>.<seq>. */
struct ask_dump {
    struct target target;
    char seq[24];
};

/* 0, or -errno with a line in `ret_why`. */
int ask_dump(int pid, struct ask_dump *ret_dump, struct text *ret_why);

#endif
