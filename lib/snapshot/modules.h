/*
 * The modules (program and shared objects) that stacks run through, also those that were unloaded since.
 *
 * The registry is brought up to date before each dump and before each dlclose, always outside of every lock of the store. A
 * module is never removed: a stack that was taken while it was loaded is named by it ever after.
 */
#ifndef LEAKTRACE_SNAPSHOT_MODULES_H
#define LEAKTRACE_SNAPSHOT_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULE_BUILD_ID_MAX 32
#define MODULE_SEGMENTS_MAX 4

struct module_segment {
    uintptr_t start; /* run-time addresses, whole pages */
    uintptr_t limit;
    uint64_t file_offset;
};

struct module {
    const char *path;  /* of the file; "[vdso]" for the kernel's */
    uintptr_t bias;    /* run-time address - address in the file */
    uint32_t loaded;   /* epochs in which its addresses mean this module: loaded <= epoch < unloaded */
    uint32_t unloaded; /* UINT32_MAX until another module is seen in its place */
    uint8_t build_id[MODULE_BUILD_ID_MAX];
    unsigned build_id_len; /* 0: none */
    struct module_segment segments[MODULE_SEGMENTS_MAX]; /* executable PT_LOADs, ascending */
    unsigned n_segments;
    bool is_program;
};

/* Receives the code addresses of modules that have gone, under the registry's lock. */
typedef void modules_gone(uintptr_t start, uintptr_t limit);

void modules_set_gone(modules_gone *gone);
/* Brings the registry up to date with what is loaded now: what has gone is told of, and the module epoch goes up when a module
   is found where another one was. Enters the loader: never inside a lock. 0 or -ENOMEM. */
int modules_refresh(void);
/* Looks at the object that the loader has at an address of which no rule is known: if it has come to the place of a module that has
   gone, the module epoch goes up here and now. Takes the registry's lock, and nothing else; safe in a hook. */
struct dl_find_object;
void modules_look_at(uintptr_t pc, const struct dl_find_object *object);
/* The module that had this address at that epoch; NULL when none is known. */
const struct module *modules_find(uintptr_t pc, uint32_t epoch);
/* The program itself; NULL before the first refresh. */
const struct module *modules_program(void);

/* Around fork: nobody asks the loader while the process is copied. In the child the registry stays as it was then, until
   modules_probe_loader() has come back, which it may never do. */
void modules_before_fork(void);
void modules_after_fork_in_parent(void);
void modules_after_fork(void);
void modules_probe_loader(void);
bool modules_are_frozen(void);
/* Somebody asks the loader and gets no answer: another thread has it, perhaps one that waits for a dump. */
bool modules_loader_is_held(void);

#endif
