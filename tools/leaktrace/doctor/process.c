/* A process, as /proc tells it. Owns nothing; called by cmd_doctor.c. */
#include "doctor/process.h"

#include "base/options.h"
#include "base/text.h"
#include "common.h"
#include "doctor/finding.h"
#include "doctor/folder.h"
#include "target/target.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 3000
#define LIBRARY "/libleaktrace.so"

/* The value of a line `NAME:<tab>VALUE` of /proc/PID/status, in that base; 0 when there is none. */
static uint64_t read_status(int pid, const char *name, int base)
{
    char path[64], line[256];
    uint64_t value = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (begins_with(line, name) && line[strlen(name)] == ':')
            value = strtoull(line + strlen(name) + 1, NULL, base);
    if (file != NULL)
        fclose(file);
    return value;
}

static bool same_namespace(int pid)
{
    char path[64];
    struct stat ours, theirs;

    snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
    if (stat(path, &theirs) != 0 || stat("/proc/self/ns/mnt", &ours) != 0 || theirs.st_ino != ours.st_ino)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/root/.", pid);
    return stat(path, &theirs) == 0 && stat("/.", &ours) == 0 && theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

int process_open(int pid, struct process *ret_process, struct findings *findings, char ret_why[256])
{
    struct process process = {.pid = pid};
    char folder[32];
    ssize_t n;

    snprintf(folder, sizeof(folder), "/proc/%d", pid);
    snprintf(process.exe, sizeof(process.exe), "%s/exe", folder);
    if (access(folder, F_OK) != 0) {
        snprintf(ret_why, 256, "process %d does not exist", pid);
        return -ESRCH;
    }
    n = readlink(process.exe, process.program, sizeof(process.program) - 1);
    if (n < 0 && errno != ENOENT) {
        snprintf(ret_why, 256, "process %d may not be looked into: it is another user's, or protected", pid);
        return -EPERM;
    }
    process.program[n < 0 ? 0 : n] = '\0';
    process.shares_files = same_namespace(pid);
    findings->is_running = true;
    if (n < 0)
        findings_add(findings, FINDING_STOP, "process", NULL,
                     "it has no program: it is a thread of the kernel, or has ended and waits for its parent");
    *ret_process = process;
    return 0;
}

/* Whether it has the library in its memory, traced or not. */
static bool has_library(int pid)
{
    char path[64], *line = NULL;
    bool found = false;
    size_t size = 0;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    maps = fopen(path, "re");
    while (maps != NULL && !found && getline(&line, &size, maps) > 0)
        found = strstr(line, LIBRARY) != NULL;
    if (maps != NULL)
        fclose(maps);
    free(line);
    return found;
}

/* Whether the kernel started it with more rights than its caller had. */
static bool is_secure(int pid)
{
    char path[64];
    Elf64_auxv_t entry;
    bool secure = false;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
    file = fopen(path, "re");
    while (file != NULL && fread(&entry, sizeof(entry), 1, file) == 1)
        if (entry.a_type == AT_SECURE)
            secure = entry.a_un.a_val != 0;
    if (file != NULL)
        fclose(file);
    return secure;
}

static void report_answer(struct target *target, struct findings *findings)
{
    target_ask_all(target, 1, CONTROL_STATUS, PATIENCE_MS);
    if (target->outcome == TARGET_ANSWERED)
        findings_add(findings, FINDING_OK, "answer", NULL, "leaktrace's thread is there and answers");
    else if (target->outcome == TARGET_UNHEARD)
        findings_add(findings, FINDING_LIMIT, "answer", "Start it again if it is to be dumped before",
                     "it has no thread of leaktrace's: a dump can be made at its end only");
    else if (target->outcome == TARGET_REFUSED)
        findings_add(findings, FINDING_LIMIT, "answer", "Ask as its user, or as root", "it cannot be asked: %s",
                     strerror(target->error));
    else
        findings_add(findings, FINDING_LIMIT, "answer", "Look whether it is stopped, or its folder on a dead mount",
                     "leaktrace's thread did not answer within %d s", PATIENCE_MS / 1000);
}

static void report_signal(const struct status *status, struct findings *findings)
{
    if (strchr(status->signal, ' ') != NULL)
        findings_add(findings, FINDING_NOTE, "signal", "Ask for dumps with `leaktrace dump PID`", "the dump signal is %s",
                     status->signal);
    else if (strcmp(status->signal, "none") == 0)
        findings_add(findings, FINDING_NOTE, "signal", "Ask for dumps with `leaktrace dump PID`",
                     "there is no dump signal (option signal)");
    else
        findings_add(findings, FINDING_OK, "signal", NULL, "it writes a dump on SIG%s", status->signal);
}

static void report_traced(struct target *target, struct findings *findings)
{
    const struct status *status = &target->status;

    report_answer(target, findings);
    findings_add(findings, FINDING_OK, "traced", NULL, "leaktrace %s is in it; %" PRId64 " dumps so far", status->version,
                 status->seq);
    report_signal(status, findings);
    if (strcmp(status->version, LEAKTRACE_VERSION) != 0)
        findings_add(findings, FINDING_NOTE, "version", "Use the command and the library of one version",
                     "this command is version " LEAKTRACE_VERSION);
    if (status->dropped > 0)
        findings_add(findings, FINDING_LIMIT, "memory", "Give it more with the option memory, or use sample",
                     "%" PRId64 " events were dropped: figures are too low", status->dropped);
}

/* 1: only read, write, exit; 2: a filter that nobody but the kernel can read. */
static void report_seccomp(const struct process *process, struct findings *findings)
{
    uint64_t mode = read_status(process->pid, "Seccomp", 10);

    if (mode == 1)
        findings_add(findings, FINDING_LIMIT, "seccomp", "Trace it with the filter switched off",
                     "it runs in seccomp's strict mode: dumps are not possible once it is on");
    if (mode == 2)
        findings_add(findings, FINDING_NOTE, "seccomp",
                     "If dumps fail or it dies of SIGSYS, trace it with the filter switched off",
                     "it runs under a seccomp filter, which must allow what leaktrace's thread does: open, write, rename");
}

bool process_examine_traced(const struct process *process, struct findings *findings)
{
    char why_buf[512] = "";
    struct text why = TEXT_ON(why_buf);
    struct target target;
    int ret = target_find(process->pid, &target, &why);

    if (ret != 0 && !has_library(process->pid))
        return false;
    report_seccomp(process, findings);
    if (ret != 0) {
        findings_add(findings, FINDING_STOP, "traced",
                     "Look at its lines 'leaktrace[PID]: ...', and at the options exe, profiles and dir",
                     "libleaktrace.so is loaded into it, but traces nothing, or has no folder to say so in (%s)", why_buf);
        return true;
    }
    findings->is_traced = true;
    report_traced(&target, findings);
    if (process->shares_files)
        folder_examine(target.status.dir, false, findings);
    return true;
}

static bool has_signal(int pid, const char *set, int sig)
{
    return (read_status(pid, set, 16) >> (sig - 1) & 1) != 0;
}

static void report_dump_signal(int pid, int sig, struct findings *findings)
{
    static const char advice[] = "Ask for dumps with `leaktrace dump PID`, or name another with the option signal";
    char buf[16] = "";
    struct text name = TEXT_ON(buf);

    if (sig == 0)
        return;
    if (sig >= SIGRTMIN)
        text_format(&name, "RTMIN+%d", sig - SIGRTMIN);
    else
        text_add(&name, sigabbrev_np(sig));
    if (has_signal(pid, "SigCgt", sig))
        findings_add(findings, FINDING_NOTE, "signal", advice, "it has a handler for SIG%s itself, and will keep it", buf);
    else if (has_signal(pid, "SigIgn", sig))
        findings_add(findings, FINDING_NOTE, "signal", advice, "it ignores SIG%s, and will go on doing so", buf);
    else if (has_signal(pid, "SigBlk", sig))
        findings_add(findings, FINDING_NOTE, "signal", advice, "its first thread blocks SIG%s", buf);
    else
        findings_add(findings, FINDING_OK, "signal", NULL, "SIG%s is free for dumps", buf);
}

void process_examine_bare(const struct process *process, const struct options *options, struct findings *findings)
{
    findings_add(findings, FINDING_NOTE, "running", "Start it again with `leaktrace run` or LD_PRELOAD",
                 "it was started without leaktrace, which cannot be put into a running process");
    if (is_secure(process->pid))
        findings_add(findings, FINDING_STOP, "privilege",
                     "Run it as the user that it becomes, or trace a copy of the file without these rights",
                     "it was started with rights of its own (setuid, setgid or capabilities): the loader ignored LD_PRELOAD");
    if (!process->shares_files)
        findings_add(findings, FINDING_NOTE, "container", "Install libleaktrace.so there, and name it as it is called there",
                     "it sees other files than you do (a container or chroot): the library must be among them");
    report_dump_signal(process->pid, options->signal, findings);
    report_seccomp(process, findings);
}
