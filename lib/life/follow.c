/* What an executed program finds in its environment. Owns what this process was given. */
#include "life/follow.h"

#include "base/memory.h"
#include "base/options.h"
#include "base/sys.h"
#include "base/text.h"
#include "life/life.h"

#include <alloca.h>
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#define PRELOAD "LD_PRELOAD="
#define OPTIONS OPTIONS_VARIABLE "="
#define STACK_MAX 16384 /* a copy that is larger is mapped */

static struct {
    bool on;
    char library[4096]; /* the entry of LD_PRELOAD that is ours, as it was given */
    char options[4096]; /* "LEAKTRACE_OPTIONS=..."; empty: there was none */
} follow;

static const char *base_name(const char *path, size_t len)
{
    const char *slash = memrchr(path, '/', len);

    return slash == NULL ? path : slash + 1;
}

static const char *own_path(void)
{
    struct dl_find_object object;

    return _dl_find_object((void *)own_path, &object) == 0 ? object.dlfo_link_map->l_name : "";
}

/* Entries are separated by colons or blanks. */
static size_t entry_length(const char *entry)
{
    return strcspn(entry, ": ");
}

/* The entry with our file's name; NULL when there is none. */
static const char *find_own(const char *preload)
{
    const char *own = own_path();
    const char *name = base_name(own, strlen(own));

    for (const char *at = preload; *at != '\0'; at += entry_length(at) + (at[entry_length(at)] != '\0')) {
        const char *entry = base_name(at, entry_length(at));
        size_t len = entry_length(entry);

        if (len > 0 && len == strlen(name) && memcmp(entry, name, len) == 0)
            return at;
    }
    return NULL;
}

/* The index of the last variable of that name, which is the one that counts for the loader; -1: there is none. */
static long find_variable(char *const environment[], const char *name)
{
    long found = -1;

    for (long i = 0; environment != NULL && environment[i] != NULL; i++)
        if (strncmp(environment[i], name, strlen(name)) == 0)
            found = i;
    return found;
}

void follow_init(char *const environment[])
{
    struct text library = TEXT_ON(follow.library), options = TEXT_ON(follow.options);
    long preload_at = find_variable(environment, PRELOAD), options_at = find_variable(environment, OPTIONS);
    const char *own = preload_at < 0 ? NULL : find_own(environment[preload_at] + strlen(PRELOAD));

    if (own == NULL || getauxval(AT_SECURE) != 0)
        return;
    text_add_n(&library, own, entry_length(own));
    if (options_at >= 0)
        text_add(&options, environment[options_at]);
    follow.on = !library.cut && !options.cut;
}

/* LD_PRELOAD without our entry; it has one. */
static void add_without_own(struct text *text, const char *preload)
{
    const char *own = find_own(preload);
    const char *behind = own + entry_length(own);

    text_add(text, PRELOAD);
    text_add_n(text, preload, (size_t)(own - preload));
    text_add(text, *behind == '\0' ? behind : behind + 1);
    while (text->len > strlen(PRELOAD) && strchr(": ", text->buf[text->len - 1]) != NULL)
        text->buf[--text->len] = '\0';
}

static void add_with_own(struct text *text, const char *preload)
{
    text_format(text, PRELOAD "%s%s%s", follow.library, *preload == '\0' ? "" : ":", preload);
}

struct change {
    long preload_at; /* -1: there is none */
    const char *preload;
    bool preload_changes;
    bool options_come;
    size_t n;     /* variables */
    size_t bytes; /* that the copy needs */
};

static struct change change_of(char *const environment[])
{
    struct change change = {.preload_at = find_variable(environment, PRELOAD), .preload = ""};
    bool keep = (life.options.follow & OPTION_FOLLOW_EXEC) != 0;

    if (change.preload_at >= 0)
        change.preload = environment[change.preload_at] + strlen(PRELOAD);
    change.preload_changes = follow.on && (find_own(change.preload) == NULL) == keep;
    change.options_come = follow.on && keep && follow.options[0] != '\0' && find_variable(environment, OPTIONS) < 0;
    while (environment != NULL && environment[change.n] != NULL)
        change.n++;
    change.bytes = (change.n + 3) * sizeof(char *) + sizeof(PRELOAD) + strlen(follow.library) + 1 + strlen(change.preload) + 1;
    return change;
}

/* The copy: its pointers first, then the text of LD_PRELOAD. An empty LD_PRELOAD goes. */
static char **make_copy(char *const environment[], const struct change *change, char **ret_copy)
{
    struct text text = {.buf = (char *)(ret_copy + change->n + 3)};
    size_t n = 0;

    text.size = change->bytes - (size_t)(text.buf - (char *)ret_copy);
    if (change->preload_changes && (life.options.follow & OPTION_FOLLOW_EXEC) != 0)
        add_with_own(&text, change->preload);
    else if (change->preload_changes)
        add_without_own(&text, change->preload);
    for (size_t i = 0; i < change->n; i++)
        if (!change->preload_changes || (long)i != change->preload_at)
            ret_copy[n++] = environment[i];
    if (text.len > strlen(PRELOAD))
        ret_copy[n++] = text.buf;
    if (change->options_come)
        ret_copy[n++] = follow.options;
    ret_copy[n] = NULL;
    return ret_copy;
}

static __attribute__((noinline)) int call_with_copy(char *const environment[], const struct change *change,
                                                    follow_call *function, const void *call)
{
    char **copy;
    int result;

    if (change->bytes <= STACK_MAX)
        return function(call, make_copy(environment, change, alloca(change->bytes)));
    /* A child of vfork that becomes another program would leave it behind in its parent. */
    copy = life_is_own_process() ? sys_map(change->bytes) : NULL;
    if (copy == NULL)
        return function(call, environment);
    result = function(call, make_copy(environment, change, copy));
    sys_unmap(copy, change->bytes);
    return result;
}

/* The kernel answers EFAULT where it cannot read; we would crash. */
static bool is_readable(char *const environment[])
{
    for (; environment != NULL; environment++) {
        if (!sys_readable((uintptr_t)environment))
            return false;
        if (*environment == NULL)
            break;
        if (!sys_readable((uintptr_t)*environment))
            return false;
    }
    return true;
}

int follow_with(char *const environment[], follow_call *function, const void *call)
{
    struct change change;

    if (!is_readable(environment))
        return function(call, environment);
    change = change_of(environment);
    if (!change.preload_changes && !change.options_come)
        return function(call, environment);
    return call_with_copy(environment, &change, function, call);
}

void follow_clean_own(char **environment)
{
    struct change change = change_of(environment);
    struct text text;

    if ((life.options.follow & OPTION_FOLLOW_EXEC) != 0 || !change.preload_changes)
        return;
    text = (struct text){.buf = sys_map(change.bytes), .size = change.bytes};
    if (text.buf == NULL)
        return;
    add_without_own(&text, change.preload);
    if (text.len > strlen(PRELOAD))
        environment[change.preload_at] = text.buf;
    else
        memmove(&environment[change.preload_at], &environment[change.preload_at + 1],
                (change.n - (size_t)change.preload_at) * sizeof(char *));
}
