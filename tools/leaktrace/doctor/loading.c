/* The question to the loader. Owns the pipe and the child while it is asked; called by cmd_doctor.c. */
#include "doctor/loading.h"

#include "common.h"
#include "doctor/finding.h"
#include "environment.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define PRELOAD_FILE "/etc/ld.so.preload"
#define PATIENCE_S 20

/* Libraries that change what leaktrace sees. */
static const struct known {
    const char *pattern;
    enum finding_level level;
    const char *topic;
    const char *text;
    const char *advice;
} known_libraries[] = {
    {"libjemalloc.so*", FINDING_OK, "allocator", "it uses jemalloc: its blocks are seen", NULL},
    {"libtcmalloc*.so*", FINDING_OK, "allocator", "it uses tcmalloc: its blocks are seen", NULL},
    {"libmimalloc*.so*", FINDING_OK, "allocator", "it uses mimalloc: its blocks are seen", NULL},
    {"libasan.so*", FINDING_LIMIT, "sanitizer", "AddressSanitizer has the heap: its blocks are not seen, files and threads are",
     "Trace a build without it"},
    {"libtsan.so*", FINDING_LIMIT, "sanitizer", "ThreadSanitizer has the heap: its blocks are not seen, files and threads are",
     "Trace a build without it"},
    {"liblsan.so*", FINDING_NOTE, "sanitizer", "LeakSanitizer is in it and reports its own leaks at the end", NULL},
};

static void report_known(const char *name, struct findings *findings)
{
    for (size_t i = 0; i < sizeof(known_libraries) / sizeof(known_libraries[0]); i++) {
        const struct known *known = &known_libraries[i];

        if (fnmatch(known->pattern, name, 0) == 0)
            findings_add(findings, known->level, known->topic, known->advice, "%s", known->text);
    }
}

/* A line "<tab>NAME => PATH (ADDRESS)" or "<tab>PATH (ADDRESS)". True: it is the library. */
static bool take_library(char *line, const char *library, struct findings *findings)
{
    char *end = strstr(line, " => ");
    const char *slash;

    line += strspn(line, "\t ");
    if (end == NULL)
        end = strstr(line, " (0x");
    if (end == NULL)
        return false;
    *end = '\0';
    slash = strrchr(line, '/');
    report_known(slash == NULL ? line : slash + 1, findings);
    return strcmp(line, library) == 0;
}

/* What follows `mark` in the text; NULL without it. */
static char *behind(char *text, const char *mark)
{
    char *found = strstr(text, mark);

    return found == NULL ? NULL : found + strlen(mark);
}

/* What the loader says: a complaint about the library, about one that the program needs, or about another preload. */
static void take_complaint(char *line, const char *library, struct findings *findings)
{
    char *fatal = behind(line, "error while loading shared libraries: "), *ignored = behind(line, "ERROR: ld.so: ");
    char *text = fatal != NULL ? fatal : ignored != NULL ? ignored : line;

    text[strcspn(text, "\n")] = '\0';
    if (fatal != NULL && strstr(text, library) == NULL)
        findings_add(findings, FINDING_STOP, "loader", "Install it, or set LD_LIBRARY_PATH", "it cannot be run at all: %s",
                     text);
    else if (strstr(text, library) != NULL)
        findings_add(findings, FINDING_STOP, "loader", "Use a libleaktrace.so that is built for this system",
                     "the loader refuses libleaktrace.so: %s", text);
    else
        findings_add(findings, FINDING_NOTE, "loader", NULL, "the loader says: %s", text);
}

static _Noreturn void become_loader(const char *program, const char *library, int out)
{
    const char *others = environment_preload();
    char *preload = must_format("%s%s%s", library, others[0] == '\0' ? "" : ":", others);

    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setenv(ENVIRONMENT_PRELOAD, preload, 1);
    unsetenv("LD_DEBUG");
    alarm(PATIENCE_S);
    execl(LOADER, LOADER, "--list", program, (char *)NULL);
    _exit(EXIT_NOT_FOUND);
}

static FILE *ask_loader(const char *program, const char *library, pid_t *ret_pid)
{
    int ends[2];

    if (pipe(ends) != 0)
        return NULL;
    fflush(stdout);
    *ret_pid = fork();
    if (*ret_pid == 0)
        become_loader(program, library, ends[1]);
    close(ends[1]);
    if (*ret_pid > 0)
        return fdopen(ends[0], "r");
    close(ends[0]);
    return NULL;
}

/* True when the library is in the loader's list. */
static bool read_answer(FILE *answer, const char *library, struct findings *findings)
{
    bool is_loaded = false;
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, answer) > 0) {
        if (line[0] == '\t')
            is_loaded |= take_library(line, library, findings);
        else
            take_complaint(line, library, findings);
    }
    free(line);
    return is_loaded;
}

static void report_mount(const char *library, struct findings *findings)
{
    struct statvfs mount;

    if (statvfs(library, &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0)
        findings_add(findings, FINDING_STOP, "noexec", "Install the library on another file system",
                     "%s is on a file system that is mounted noexec: the loader cannot map it", library);
}

/* What else is preloaded is no harm as such; it is said for who looks for the cause of something. */
static void report_company(struct findings *findings)
{
    const char *others = environment_preload();

    if (others[0] != '\0')
        findings_add(findings, FINDING_NOTE, "preload", NULL, "LD_PRELOAD names %s as well: `leaktrace run` goes before it",
                     others);
    if (access(PRELOAD_FILE, F_OK) == 0)
        findings_add(findings, FINDING_NOTE, "preload", NULL, PRELOAD_FILE " preloads something into every program");
}

void loading_examine(const char *program, const char *library, struct findings *findings)
{
    bool had_stop = findings_have(findings, FINDING_STOP), is_loaded;
    pid_t pid = -1;
    FILE *answer;
    int status = 0;

    report_mount(library, findings);
    report_company(findings);
    answer = ask_loader(program, library, &pid);
    if (answer == NULL) {
        findings_add(findings, FINDING_NOTE, "loader", NULL, "the loader could not be asked: %s", strerror(errno));
        return;
    }
    is_loaded = read_answer(answer, library, findings);
    fclose(answer);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (is_loaded)
        findings_add(findings, FINDING_OK, "library", NULL, "the loader takes %s", library);
    else if (had_stop == findings_have(findings, FINDING_STOP))
        findings_add(findings, FINDING_STOP, "library", "Start it with `leaktrace run` and look at the loader's lines",
                     "the loader does not list %s among what it would load", library);
}
