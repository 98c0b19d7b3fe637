/*
 * The option gate: a process that nobody has wrapped is judged at its end. Owns whether it is on, and the way to exit.
 *
 * When the last dump is there, `leaktrace gate --verdict` looks at it in a child of a child. That one in between the program
 * cannot see: it is made by a bare call and ends without a signal. One that executes a program would end by SIGCHLD, be reaped
 * by any thread that waits for children, and be lost where SIGCHLD is ignored. Whatever goes wrong, the process ends as it
 * would have.
 */
#include "life/life.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/dump.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS 60000000000ll
#define LOOK_NS 5000000
#define WORDS_MAX 64
#define LEAKS_MIN 4 /* a status from here on is the verdict; 2 and 3 are failures, and so are 126 and 127 */
#define LEAKS_MAX 125

static bool is_on;
static void (*exit_again)(int status); /* libc's exit */

/* What the child is given. */
struct call {
    char path[4096]; /* of the command */
    char words[OPTIONS_PATH_MAX];
    char pid[16];
    char *argv[WORDS_MAX];
    char **environment;
};

static bool is_executable(const char *path)
{
    return SYS_CALL(SYS_access, path, X_OK, 0, 0) == 0;
}

/* Beside the library, or in the folders of an installation next to it. */
static bool find_near(char *buf, size_t size)
{
    static const char *const places[] = {"leaktrace", "../bin/leaktrace", "../../bin/leaktrace"};
    struct dl_find_object object;
    const char *own, *slash;

    if (_dl_find_object((void *)find_near, &object) != 0)
        return false;
    own = object.dlfo_link_map->l_name;
    slash = strrchr(own, '/');
    for (unsigned i = 0; slash != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
        struct text path = {.buf = buf, .size = size};

        text_add_n(&path, own, (size_t)(slash + 1 - own));
        text_add(&path, places[i]);
        if (!path.cut && is_executable(buf))
            return true;
    }
    return false;
}

static bool find_in_path(char *buf, size_t size)
{
    const char *folders = life_variable("PATH");

    while (folders != NULL && *folders != '\0') {
        struct text path = {.buf = buf, .size = size};
        size_t len = strcspn(folders, ":");

        text_add_n(&path, folders, len);
        text_add(&path, "/leaktrace");
        if (*buf == '/' && !path.cut && is_executable(buf))
            return true;
        folders += len + (folders[len] == ':');
    }
    return false;
}

/* The words of the option come first, so that what names the dump is the command's last word. */
static void fill_arguments(struct call *call)
{
    struct text words = TEXT_ON(call->words), pid = TEXT_ON(call->pid);
    unsigned n = 0;

    if (strcmp(life.options.gate, "yes") != 0)
        text_add(&words, life.options.gate);
    text_add_int(&pid, sys_getpid());
    call->argv[n++] = (char *)"leaktrace";
    call->argv[n++] = (char *)"gate";
    for (char *at = call->words; *at != '\0' && n < WORDS_MAX - 5;) {
        at += strspn(at, " ");
        if (*at == '\0')
            break;
        call->argv[n++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    call->argv[n++] = (char *)"--pid";
    call->argv[n++] = call->pid;
    call->argv[n++] = (char *)"--verdict";
    call->argv[n++] = (char *)dump_folder();
    call->argv[n] = NULL;
}

/* The command is not to be traced. */
static bool fill_environment(struct call *call)
{
    char **environment = life_environment();
    size_t n = 0, kept = 0;

    while (environment[n] != NULL)
        n++;
    call->environment = sys_map((n + 1) * sizeof(char *));
    for (size_t i = 0; call->environment != NULL && i < n; i++)
        if (strncmp(environment[i], "LD_PRELOAD=", 11) != 0 &&
            strncmp(environment[i], OPTIONS_VARIABLE "=", sizeof(OPTIONS_VARIABLE)) != 0)
            call->environment[kept++] = environment[i];
    return call->environment != NULL;
}

/* In the child: what it prints is leaktrace's own, and goes where its lines go. */
static void become(const struct call *call)
{
    uint64_t none = 0;
    bool to_stderr = strcmp(life.options.log, "stderr") == 0 && log_has_stderr();
    const char *target =
        strcmp(life.options.log, "none") == 0 || strcmp(life.options.log, "stderr") == 0 ? "/dev/null" : life.options.log;
    long fd = to_stderr ? STDERR_FILENO : SYS_CALL(SYS_open, target, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0600, 0);

    SYS_CALL(SYS_dup2, fd, STDOUT_FILENO, 0, 0);
    SYS_CALL(SYS_dup2, fd, STDERR_FILENO, 0, 0);
    SYS_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none));
    SYS_CALL(SYS_execve, call->path, call->argv, call->environment, 0);
    SYS_CALL(SYS_exit_group, 127, 0, 0, 0);
}

/* The child in between: its status becomes that of the command, which does not outlive it. */
static void stand_between(const struct call *call)
{
    const uint64_t by_default[4] = {(uintptr_t)SIG_DFL}; /* as the kernel takes an action */
    int status = 0, code = 127;
    long child;

    SYS_CALL(SYS_rt_sigaction, SIGCHLD, by_default, 0, sizeof(uint64_t));
    child = SYS_CALL(SYS_clone, 0, 0, 0, 0);
    if (child == 0) {
        SYS_CALL(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
        become(call);
    }
    if (child > 0 && SYS_CALL(SYS_wait4, child, &status, __WALL, 0) == child && WIFEXITED(status))
        code = WEXITSTATUS(status);
    SYS_CALL(SYS_exit_group, code, 0, 0, 0);
}

/* Waits for the child, but not for ever; its status as wait4 gives it, or -1. */
static int wait_for(long child)
{
    int64_t deadline = sys_monotonic_ns() + PATIENCE_NS;
    int status = 0;
    long ended;

    while ((ended = SYS_CALL(SYS_wait4, child, &status, WNOHANG | __WALL, 0)) == 0) {
        if (sys_monotonic_ns() > deadline) {
            SYS_CALL(SYS_kill, child, SIGKILL, 0, 0);
            SYS_CALL(SYS_wait4, child, &status, __WALL, 0);
            return -1;
        }
        sys_sleep_ns(LOOK_NS);
    }
    return ended == child ? status : -1;
}

static int run(const struct call *call)
{
    long child = SYS_CALL(SYS_clone, 0, 0, 0, 0);

    if (child == 0)
        stand_between(call);
    return child < 0 ? -1 : wait_for(child);
}

static int judge(void)
{
    static struct call call;
    int status;

    if (!find_near(call.path, sizeof(call.path)) && !find_in_path(call.path, sizeof(call.path))) {
        log_line("the gate has no verdict: the command leaktrace is neither beside the library nor in PATH");
        return 0;
    }
    fill_arguments(&call);
    if (!fill_environment(&call))
        return 0;
    status = run(&call);
    if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) >= LEAKS_MIN && WEXITSTATUS(status) <= LEAKS_MAX)
        return WEXITSTATUS(status);
    if (status != 0)
        log_line("the gate has no verdict: leaktrace gate has failed");
    return 0;
}

int gate_status(int status)
{
    if (status != 0 || !is_on || life.stage != LIFE_ENDED || !life_is_own_process() || confine_is_filtered())
        return status;
    return judge();
}

/* libc calls this behind all destructors, and ends the process behind it: with the status that it knows, unless exit is called
 * again. */
static void judge_at_exit(int status, void *unused)
{
    int verdict = gate_status(status);

    (void)unused;
    if (verdict != status)
        exit_again(verdict);
}

void gate_init(void)
{
    is_on = strcmp(life.options.gate, "no") != 0 && life.options.at_exit;
    if (!is_on)
        return;
    if (life.options.leaks == OPTION_LEAKS_NO)
        life.options.leaks = OPTION_LEAKS_EXIT;
    *(void **)&exit_again = dlsym(RTLD_DEFAULT, "exit");
    if (exit_again != NULL)
        on_exit(judge_at_exit, NULL);
}
