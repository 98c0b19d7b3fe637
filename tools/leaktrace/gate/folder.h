/* The folder that a gate has its dumps in. */
#ifndef LEAKTRACE_GATE_FOLDER_H
#define LEAKTRACE_GATE_FOLDER_H

/* The folder `dir`, made if need be, or a new one in `parent` when it is NULL. Its absolute path is malloc'ed; NULL after a
   complaint. */
char *gate_folder_make(const char *dir, const char *parent);
/* Removes the folder and the files in it. */
void gate_folder_remove(const char *folder);

#endif
