/* The kinds of resources, one row each. A site, a live entry and a profile belong to one of them. */
#ifndef LEAKTRACE_STORE_KIND_H
#define LEAKTRACE_STORE_KIND_H

enum kind {
    KIND_HEAP,
    KIND_FD,
    KIND_THREAD,
    KIND_MAX
};

/* The name in file names, options and messages. */
extern const char *const kind_names[KIND_MAX];

#endif
