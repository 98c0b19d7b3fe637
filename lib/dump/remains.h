/* What processes that were killed in the middle of a dump have left in the folder: files under hidden names, which no process
   will ever finish. */
#ifndef LEAKTRACE_DUMP_REMAINS_H
#define LEAKTRACE_DUMP_REMAINS_H

/* Removes such files of this user from the folder that are a day old, and whose process is no more or would be this one. To be
   called while this process is writing none. */
void remains_remove(const char *folder);

#endif
