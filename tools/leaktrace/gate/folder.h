/* The folder that a gate has its dumps in. */
#ifndef LEAKTRACE_GATE_FOLDER_H
#define LEAKTRACE_GATE_FOLDER_H

/* The folder `dir`, made if need be, or a new one in `parent` when it is NULL. Its absolute path is malloc'ed; NULL after a
   complaint, also when no option of the library can hold it. */
char *gate_folder_make(const char *dir, const char *parent);
/* The quote that such a path stands in as the value of an option. */
char gate_folder_quote(const char *folder);
/* Removes the folder and the files in it. */
void gate_folder_remove(const char *folder);

#endif
