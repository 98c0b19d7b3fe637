/*
 * execs HOW ENVIRONMENT [threads]: executes itself as "execs shows", which prints what it finds; three blocks are live then.
 * ENVIRONMENT: own, empty, other (with preloads of its own), none (a null pointer), large. With "threads" others allocate
 * meanwhile.
 * execs fails: calls that fail, between which blocks are allocated.
 */
#include "specimen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE 3000

extern char **environ;

static char self[4096];
static char *arguments[] = {"execs", "shows", NULL};
static char *empty[] = {NULL};
static char *other[] = {"X=1", "LD_PRELOAD=libm.so.6 libdl.so.2", "Y=2", NULL};
static char *large[LARGE + 1];

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

static int shows(void)
{
    const char *preload = getenv("LD_PRELOAD"), *options = getenv("LEAKTRACE_OPTIONS"), *x = getenv("X"), *y = getenv("Y");

    keeps_three();
    printf("preload %s\noptions %s\n", preload == NULL ? "-" : preload, options == NULL ? "-" : options);
    printf("x %s%s\ntraced %d\n", x == NULL ? "-" : x, y == NULL ? "-" : y, dlsym(RTLD_DEFAULT, "leaktrace_api_dump") != NULL);
    return 5;
}

static void by_execve(char **environment)
{
    execve(self, arguments, environment);
}

static void by_execv(char **environment)
{
    environ = environment;
    execv(self, arguments);
}

static void by_execvp(char **environment)
{
    MUST(setenv("PATH", "/nowhere:.", 1) == 0 && symlink(self, "execs_link") == 0);
    MUST(environment == environ);
    execvp("execs_link", arguments);
}

/* Found in PATH, which is the caller's, not that of the environment which it gives. */
static void by_execvpe(char **environment)
{
    MUST(setenv("PATH", "/nowhere:.", 1) == 0 && symlink(self, "execs_link") == 0);
    execvpe("execs_link", arguments, environment);
}

static void by_execl(char **environment)
{
    environ = environment;
    execl(self, "execs", "shows", (char *)NULL);
}

static void by_execle(char **environment)
{
    execle(self, "execs", "shows", (char *)NULL, environment);
}

static void by_execlp(char **environment)
{
    environ = environment;
    execlp(self, "execs", "shows", (char *)NULL);
}

static void by_execveat(char **environment)
{
    execveat(AT_FDCWD, self, arguments, environment, 0);
}

static void by_fexecve(char **environment)
{
    fexecve(open(self, O_RDONLY | O_CLOEXEC), arguments, environment);
}

static void wait_for(pid_t child)
{
    int status;

    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status));
    exit(WEXITSTATUS(status));
}

static void by_vfork(char **environment)
{
    pid_t child = vfork();

    if (child == 0) {
        execve("/nowhere", arguments, environment);
        execve(self, arguments, environment);
        _exit(98);
    }
    wait_for(child);
}

static void by_fork(char **environment)
{
    pid_t child = fork();

    if (child == 0) {
        execve(self, arguments, environment);
        _exit(98);
    }
    wait_for(child);
}

static void by_spawn(char **environment)
{
    pid_t child;

    MUST(posix_spawn(&child, self, NULL, NULL, arguments, environment) == 0);
    wait_for(child);
}

static void by_spawnp(char **environment)
{
    pid_t child;

    MUST(posix_spawnp(&child, self, NULL, NULL, arguments, environment) == 0);
    wait_for(child);
}

static void by_system(char **environment)
{
    char command[5000];

    snprintf(command, sizeof(command), "%s shows", self);
    MUST(environment == environ);
    exit(WEXITSTATUS(system(command)));
}

static void by_popen(char **environment)
{
    char command[5000], line[4096];
    FILE *child;

    snprintf(command, sizeof(command), "%s shows", self);
    MUST(environment == environ);
    child = popen(command, "r");
    MUST(child != NULL);
    while (fgets(line, sizeof(line), child) != NULL)
        fputs(line, stdout);
    exit(WEXITSTATUS(pclose(child)));
}

/* From a handler, on a stack as small as can be. */
static void in_handler(int sig)
{
    (void)sig;
    execve(self, arguments, empty);
}

static void by_handler(char **environment)
{
    const stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
    struct sigaction action = {.sa_handler = in_handler, .sa_flags = SA_ONSTACK};

    (void)environment;
    MUST(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    raise(SIGSEGV);
}

static const struct way {
    const char *name;
    void (*go)(char **environment);
} ways[] = {
    {"execve", by_execve},     {"execv", by_execv},     {"execvp", by_execvp},   {"execvpe", by_execvpe}, {"execl", by_execl},
    {"execle", by_execle},     {"execlp", by_execlp},   {"execveat", by_execveat}, {"fexecve", by_fexecve}, {"vfork", by_vfork},
    {"fork", by_fork},         {"spawn", by_spawn},     {"spawnp", by_spawnp},   {"system", by_system},   {"popen", by_popen},
    {"handler", by_handler},
};

static void *allocate(void *unused)
{
    for (;;)
        free(malloc(100));
    return unused;
}

SITE void between_failures(void)
{
    for (int i = 0; i < 2; i++)
        USE(malloc(20));
}

static int fails(void)
{
    char *none[] = {"none", NULL};

    keeps_three();
    MUST(execve("/nowhere/at/all", none, environ) == -1 && errno == ENOENT);
    MUST(execvp("nothing_of_this_name", none) == -1 && errno == ENOENT);
    MUST(execl("/dev/null", "null", (char *)NULL) == -1 && errno == EACCES);
    between_failures();
    MUST(close(open("empty", O_CREAT | O_WRONLY, 0700)) == 0);
    /* It can be executed, but for what is in it: only the kernel finds that out. */
    MUST(execve("empty", none, environ) == -1 && errno == ENOEXEC);
    between_failures();
    return 9;
}

static char **environment_of(const char *name)
{
    static char variables[LARGE][16];

    for (int i = 0; i < LARGE; i++) {
        snprintf(variables[i], sizeof(variables[i]), "V%d=%d", i, i);
        large[i] = variables[i];
    }
    large[0] = "X=1";
    large[LARGE - 1] = "Y=2";
    if (strcmp(name, "none") == 0)
        return NULL;
    if (strcmp(name, "large") == 0)
        return large;
    return strcmp(name, "empty") == 0 ? empty : strcmp(name, "other") == 0 ? other : environ;
}

int main(int argc, char **argv)
{
    const struct way *way = ways;
    pthread_t thread;

    MUST(argc >= 2 && readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    if (strcmp(argv[1], "shows") == 0)
        return shows();
    if (strcmp(argv[1], "fails") == 0)
        return fails();
    MUST(argc >= 3);
    keeps_three();
    while (strcmp(way->name, argv[1]) != 0)
        MUST(++way < ways + sizeof(ways) / sizeof(ways[0]));
    for (int i = 3; i < argc; i++)
        MUST(pthread_create(&thread, NULL, allocate, NULL) == 0);
    way->go(environment_of(argv[2]));
    MUST(!"executed");
}
