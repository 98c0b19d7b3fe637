/* Whether the loader will give a program our library, judged by its file. */
#ifndef LEAKTRACE_TARGET_PROGRAM_H
#define LEAKTRACE_TARGET_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#define PROGRAM_SCRIPTS_MAX 4 /* as the kernel follows */

enum program_verdict {
    PROGRAM_TRACEABLE,  /* or nothing is known against it */
    PROGRAM_STATIC,     /* no loader, no preloading */
    PROGRAM_MUSL,       /* its loader fails on a library for glibc: it would not even start */
    PROGRAM_OTHER_ABI,  /* another machine's or word size's */
    PROGRAM_PRIVILEGED, /* setuid, setgid or with capabilities: the loader ignores us */
};

/* Looks the program up as execvp would, and follows scripts to their interpreters. A file that cannot be read gives
   PROGRAM_TRACEABLE: the attempt to run it will tell. */
enum program_verdict program_judge(const char *name, const char *search_path);
/* The file that execvp would run; false when there is none. */
bool program_look_up(const char *name, const char *search_path, char ret_path[PATH_MAX]);
/* The interpreter that a script names, and the rest of that line; false when the file is no script. */
bool program_read_interpreter(int fd, char ret_path[PATH_MAX], char ret_argument[PATH_MAX]);
/* In words: "NAME is ..."; NULL for PROGRAM_TRACEABLE. */
const char *program_explain(enum program_verdict verdict);

#endif
