/* Whether the loader will give a program our library, judged by its file. */
#ifndef LEAKTRACE_TARGET_PROGRAM_H
#define LEAKTRACE_TARGET_PROGRAM_H

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
/* In words: "NAME is ..."; NULL for PROGRAM_TRACEABLE. */
const char *program_explain(enum program_verdict verdict);

#endif
