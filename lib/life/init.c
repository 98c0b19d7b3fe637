/*
 * The start of the library. Owns `struct life`.
 *
 * Recording starts with the first call of any hook, which comes from the constructor of some other library, long before main;
 * it needs the options, and nothing of libc. Everything else is done in the library's constructor.
 */
#include "life/life.h"

#include "base/glob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sampler.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/control.h"
#include "dump/dump.h"
#include "dump/folder.h"
#include "hook/hook_thread.h"
#include "hook/real.h"
#include "life/follow.h"
#include "reach/roots.h"
#include "record/guard.h"
#include "record/record.h"
#include "record/stack_libunwind.h"
#include "record/unwind_rule.h"
#include "snapshot/modules.h"
#include "store/site_table.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define EXE_NAME_MAX 128
#define RESERVE_MIN (640ul * 1024) /* a dump's buffers and those of zlib */

struct life life;

static char exe_name[EXE_NAME_MAX];
static char file_name[EXE_NAME_MAX];
static char dir_path[OPTIONS_PATH_MAX];

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* The name of the file that is executed, behind all links. */
static void read_file_name(void)
{
    char buf[4096];
    struct text name = TEXT_ON(file_name);
    ssize_t len = sys_readlink("/proc/self/exe", buf, sizeof(buf) - 1);

    buf[len < 0 ? 0 : len] = '\0';
    text_add(&name, base_name(buf));
}

/* The name that the program was started by (redis-server may be a link to another name, a script is not its interpreter), as
   it may stand in a file name. */
static void read_exe_name(void)
{
    const char *path = (const char *)getauxval(AT_EXECFN);
    struct text name = TEXT_ON(exe_name);

    read_file_name();
    if (path == NULL || *base_name(path) == '\0' || strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0)
        path = file_name;
    text_add(&name, *path == '\0' ? "unknown" : base_name(path));
    for (char *at = exe_name; *at != '\0'; at++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-", *at) == NULL)
            *at = '_';
}

static bool is_wanted(void)
{
    return glob_list_matches(life.options.exe, exe_name) || glob_list_matches(life.options.exe, file_name);
}

static void complain(const char *line, void *context)
{
    bool *quiet = context;

    if (!*quiet)
        log_line("%s", line);
}

/* The options are read twice: first silently, to know where the log goes. */
static void read_options(const char *text)
{
    bool quiet = true;

    options_set_defaults(&life.options);
    if (text == NULL)
        return;
    options_parse(&life.options, text, complain, &quiet);
    log_set_target(life.options.log);
    quiet = false;
    options_parse(&life.options, text, complain, &quiet);
}

static struct stack_bounds own_code(void)
{
    struct dl_find_object object;

    if (_dl_find_object((void *)own_code, &object) != 0)
        return (struct stack_bounds){0};
    return (struct stack_bounds){.low = (uintptr_t)object.dlfo_map_start, .high = (uintptr_t)object.dlfo_map_end};
}

static struct stack_bounds start_routine(void)
{
    return (struct stack_bounds){.low = (uintptr_t)__start_leaktrace_start, .high = (uintptr_t)__stop_leaktrace_start};
}

bool life_is_own_process(void)
{
    return sys_getpid() == life.pid;
}

bool life_is_tracing(void)
{
    return __atomic_load_n(&life.stage, __ATOMIC_ACQUIRE) == LIFE_RUNNING && life_is_own_process();
}

char **life_environment(void)
{
    return environ;
}

const char *life_variable(const char *name)
{
    return getenv(name);
}

/* From here on events are recorded. */
static void begin_recording(char **environment)
{
    const char *text = NULL;
    uint64_t memory;

    for (char **variable = environment; *variable != NULL; variable++)
        if (strncmp(*variable, OPTIONS_VARIABLE "=", sizeof(OPTIONS_VARIABLE)) == 0)
            text = *variable + sizeof(OPTIONS_VARIABLE);
    life.pid = sys_getpid();
    log_remember_stderr();
    read_exe_name();
    read_options(text);
    follow_init(environment);
    life.stage = LIFE_RECORDING;
    if (!is_wanted() || getauxval(AT_SECURE) != 0)
        return;
    memory = limit_memory(&life.options);
    memory_set_cap(memory);
    memory_set_reserve(memory / 4 > RESERVE_MIN ? memory / 4 : RESERVE_MIN);
    site_set_depth(life.options.depth);
    stack_set_check(life.options.check);
    walk_set_own_code(own_code(), start_routine());
    sampler_set_period(life.options.sample_bytes);
    modules_set_gone(unwind_rule_forget);
    record_enable(life.options.profiles);
}

void real_first_call(void)
{
    if (life.stage == LIFE_UNTRACED && environ != NULL)
        begin_recording(environ);
}

/* Whether the allocator behind the hooks is libc's. */
static bool malloc_is_libcs(void)
{
    struct dl_find_object allocator, libc;

    return _dl_find_object((void *)real_malloc, &allocator) == 0 && _dl_find_object((void *)real__exit, &libc) == 0 &&
           allocator.dlfo_link_map == libc.dlfo_link_map;
}

static void tell_roots(void)
{
    struct stack_bounds code = own_code();
    const struct roots_settings settings = {
        .own_module = {code.low, code.high},
        .own_tls = (intptr_t)&guard - (intptr_t)__builtin_thread_pointer(),
        .own_tls_size = sizeof(guard),
        .is_glibc = malloc_is_libcs(),
    };

    roots_init(&settings);
}

/* Things that need libc, and a program that is to be traced. */
static void begin_running(void)
{
    const struct control_actions actions = {
        .create_thread = real_pthread_create,
        .never_record = record_never,
        .mark = record_mark,
        .watch = signal_watch,
    };

    if (life.options.leaks != OPTION_LEAKS_NO && life.options.sample_bytes <= 1)
        record_keep_ignored();
    stack_libunwind_init();
    walk_find_context_start();
    tell_roots();
    if (!folder_choose(life.options.dir, getenv("TMPDIR"), dir_path, sizeof(dir_path)))
        log_line("the name of the folder for dumps is too long: %s...", dir_path);
    dump_init(&life.options, dir_path, exe_name);
    control_init(&life.options, &actions);
    fork_init();
    test_note((pid_t)SYS_CALL(SYS_getppid, 0, 0, 0, 0));
    life.stage = LIFE_RUNNING;
    control_start();
    signal_take(life.options.signal);
    if (life.options.at_exit)
        fatal_init();
    gate_init();
}

__attribute__((constructor)) static void construct(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv;
    real_resolve_all();
    if (life.stage == LIFE_UNTRACED)
        begin_recording(environment);
    follow_clean_own(environ);
    if (!record_is_on())
        return;
    record_ignore_begin();
    company_look();
    if (record_is_on())
        begin_running();
    record_ignore_end();
}
