/*
 * Hooks of the calls that execute programs. Owns nothing.
 *
 * Where the process itself is about to be another program, the dump at its end is made before, and the process goes on if the
 * call fails. A child of vfork, whose memory is its parent's, changes nothing of leaktrace's: all that is needed lies on its
 * stack.
 */
#include "life/life.h"

#include "base/sys.h"
#include "base/text.h"
#include "dump/control.h"
#include "hook/real.h"
#include "life/follow.h"

#include <alloca.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define SEARCH_MAX 8192

struct exec_call {
    const char *path;
    char *const *arguments;
    int fd;
    int flags;
};

static int call_execve(const void *call, char *const environment[])
{
    const struct exec_call *exec = call;

    return real_execve(exec->path, exec->arguments, environment);
}

static int call_execvpe(const void *call, char *const environment[])
{
    const struct exec_call *exec = call;

    return real_execvpe(exec->path, exec->arguments, environment);
}

static int call_execveat(const void *call, char *const environment[])
{
    const struct exec_call *exec = call;

    return real_execveat(exec->fd, exec->path, exec->arguments, environment, exec->flags);
}

static int call_fexecve(const void *call, char *const environment[])
{
    const struct exec_call *exec = call;

    return real_fexecve(exec->fd, exec->arguments, environment);
}

/* Whether it can be tried at all: shells try names that are not there, and no dump is made for these. */
static bool is_executable(int folder, const char *path)
{
    return SYS_CALL(SYS_faccessat, folder, path, X_OK, 0) == 0;
}

static bool is_in_path(const char *name)
{
    const char *at = life_variable("PATH");
    size_t size;
    char *buf;

    at = at == NULL ? "/bin:/usr/bin" : at;
    size = strlen(at) + strlen(name) + 3;
    if (size > SEARCH_MAX)
        return true;
    buf = alloca(size);
    for (;;) {
        size_t len = strcspn(at, ":");
        struct text path = {.buf = buf, .size = size};

        text_add_n(&path, at, len);
        text_add(&path, len == 0 ? "./" : "/");
        text_add(&path, name);
        if (is_executable(AT_FDCWD, buf))
            return true;
        if (at[len] == '\0')
            return false;
        at += len + 1;
    }
}

static int execute(follow_call *function, const struct exec_call *call, char *const environment[], bool possible)
{
    bool held = possible && exit_begin_exec();
    int result = follow_with(environment, function, call);

    if (held)
        control_go_on();
    return result;
}

static int execute_file(const char *path, char *const arguments[], char *const environment[])
{
    const struct exec_call call = {.path = path, .arguments = arguments};

    return execute(call_execve, &call, environment, life_is_own_process() && is_executable(AT_FDCWD, path));
}

static int execute_name(const char *name, char *const arguments[], char *const environment[])
{
    const struct exec_call call = {.path = name, .arguments = arguments};
    bool possible = life_is_own_process() && (strchr(name, '/') != NULL ? is_executable(AT_FDCWD, name) : is_in_path(name));

    return execute(call_execvpe, &call, environment, possible);
}

HOOK int execve(const char *path, char *const arguments[], char *const environment[])
{
    return execute_file(path, arguments, environment);
}

HOOK int execv(const char *path, char *const arguments[])
{
    return execute_file(path, arguments, life_environment());
}

HOOK int execvp(const char *name, char *const arguments[])
{
    return execute_name(name, arguments, life_environment());
}

HOOK int execvpe(const char *name, char *const arguments[], char *const environment[])
{
    return execute_name(name, arguments, environment);
}

HOOK int execveat(int fd, const char *path, char *const arguments[], char *const environment[], int flags)
{
    const struct exec_call call = {.path = path, .arguments = arguments, .fd = fd, .flags = flags};
    bool by_fd = (flags & AT_EMPTY_PATH) != 0 && (path == NULL || (sys_readable((uintptr_t)path) && *path == '\0'));

    return execute(call_execveat, &call, environment, by_fd || is_executable(fd, path));
}

HOOK int fexecve(int fd, char *const arguments[], char *const environment[])
{
    const struct exec_call call = {.arguments = arguments, .fd = fd};

    return execute(call_fexecve, &call, environment, true);
}

static size_t count_arguments(va_list *list)
{
    size_t n = 1;

    while (va_arg(*list, const char *) != NULL)
        n++;
    return n;
}

/* The arguments of a call that has them one by one; behind them the list stands at what follows. */
static char *const *list_arguments(const char *first, va_list *list, char **ret_arguments)
{
    size_t n = 0;

    ret_arguments[n++] = (char *)first;
    do {
        ret_arguments[n] = va_arg(*list, char *);
    } while (ret_arguments[n++] != NULL);
    return ret_arguments;
}

/* Makes `name` an array on the caller's stack of the arguments from `first` on, and leaves `list` behind them. */
#define ARGUMENTS_ON_STACK(name, list, first)                                                                                  \
    va_list list;                                                                                                              \
    char *const *name;                                                                                                         \
    va_start(list, first);                                                                                                     \
    name = alloca((count_arguments(&list) + 1) * sizeof(char *));                                                              \
    va_end(list);                                                                                                              \
    va_start(list, first);                                                                                                     \
    list_arguments(first, &list, (char **)name)

HOOK int execl(const char *path, const char *first, ...)
{
    ARGUMENTS_ON_STACK(arguments, list, first);
    va_end(list);
    return execute_file(path, arguments, life_environment());
}

HOOK int execlp(const char *name, const char *first, ...)
{
    ARGUMENTS_ON_STACK(arguments, list, first);
    va_end(list);
    return execute_name(name, arguments, life_environment());
}

HOOK int execle(const char *path, const char *first, ...)
{
    char *const *environment;

    ARGUMENTS_ON_STACK(arguments, list, first);
    environment = va_arg(list, char *const *);
    va_end(list);
    return execute_file(path, arguments, environment);
}

struct spawn_call {
    pid_t *ret_pid;
    const char *path;
    const posix_spawn_file_actions_t *file_actions;
    const posix_spawnattr_t *attributes;
    char *const *arguments;
};

static int call_spawn(const void *call, char *const environment[])
{
    const struct spawn_call *spawn = call;

    return real_posix_spawn(spawn->ret_pid, spawn->path, spawn->file_actions, spawn->attributes, spawn->arguments, environment);
}

static int call_spawnp(const void *call, char *const environment[])
{
    const struct spawn_call *spawn = call;

    return real_posix_spawnp(spawn->ret_pid, spawn->path, spawn->file_actions, spawn->attributes, spawn->arguments,
                             environment);
}

HOOK int posix_spawn(pid_t *restrict ret_pid, const char *restrict path,
                     const posix_spawn_file_actions_t *restrict file_actions, const posix_spawnattr_t *restrict attributes,
                     char *const arguments[restrict], char *const environment[restrict])
{
    const struct spawn_call call = {ret_pid, path, file_actions, attributes, arguments};

    return follow_with(environment, call_spawn, &call);
}

HOOK int posix_spawnp(pid_t *restrict ret_pid, const char *restrict name,
                      const posix_spawn_file_actions_t *restrict file_actions, const posix_spawnattr_t *restrict attributes,
                      char *const arguments[restrict], char *const environment[restrict])
{
    const struct spawn_call call = {ret_pid, name, file_actions, attributes, arguments};

    return follow_with(environment, call_spawnp, &call);
}
