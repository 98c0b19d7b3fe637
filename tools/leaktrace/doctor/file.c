/* A program's file: its machine, its loader, its privileges, its names. Owns nothing; called by cmd_doctor.c. */
#include "doctor/file.h"

#include "common.h"
#include "doctor/binary.h"
#include "doctor/exports.h"
#include "doctor/finding.h"
#include "snapshot/debug_file.h"
#include "snapshot/modules.h"
#include "target/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* One step from a script to what runs it; false at the end of the way. `env NAME` stands for NAME. */
static bool follow_once(char path[PATH_MAX], const char *search_path, struct findings *findings)
{
    char interpreter[PATH_MAX], argument[PATH_MAX], named[PATH_MAX];
    const char *slash;
    bool is_script;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return false;
    is_script = program_read_interpreter(fd, interpreter, argument);
    close(fd);
    if (!is_script)
        return false;
    slash = strrchr(interpreter, '/');
    if (slash != NULL && strcmp(slash, "/env") == 0) {
        const char *name = begins_with(argument, "-S ") ? argument + 3 : argument;

        snprintf(named, sizeof(named), "%.*s", (int)strcspn(name, " \t"), name);
        if (named[0] != '-' && strchr(named, '=') == NULL)
            program_look_up(named, search_path, interpreter);
    }
    findings_add(findings, FINDING_NOTE, "script", "Programs that it starts are traced too; ask about each",
                 "%s is a script, run by %s", path, interpreter);
    strcpy(path, interpreter);
    return true;
}

bool file_follow(char path[PATH_MAX], const char *search_path, struct findings *findings)
{
    int steps = 0;

    while (follow_once(path, search_path, findings))
        if (++steps > PROGRAM_SCRIPTS_MAX)
            break;
    if (steps <= PROGRAM_SCRIPTS_MAX && access(path, X_OK) == 0)
        return true;
    findings_add(findings, FINDING_STOP, "script", "Mend its first line",
                 steps > PROGRAM_SCRIPTS_MAX ? "more scripts run each other than the kernel follows, up to %s"
                                             : "%s, which is to run it, is not there or cannot be run",
                 path);
    return false;
}

static const char *machine_name(unsigned machine, unsigned class)
{
    switch (machine) {
    case EM_X86_64:
        return class == ELFCLASS32 ? "x32 (x86-64 with short pointers)" : "x86-64";
    case EM_386:
        return "i386 (32 bits)";
    case EM_AARCH64:
        return "arm64";
    case EM_ARM:
        return "arm (32 bits)";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "POWER";
    case EM_S390:
        return "s390";
    }
    return "another machine";
}

/* What a file is that is no ELF file of x86-64. */
static void report_other(const char *path, struct findings *findings)
{
    unsigned char start[20] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : pread(fd, start, sizeof(start), 0);
    int error = errno;
    bool is_big = start[EI_DATA] == ELFDATA2MSB;

    if (fd >= 0)
        close(fd);
    if (n < 0)
        findings_add(findings, FINDING_STOP, "file", "Ask as a user who may read it", "%s cannot be read: %s", path,
                     strerror(error));
    else if (n < (ssize_t)sizeof(start) || memcmp(start, ELFMAG, SELFMAG) != 0)
        findings_add(findings, FINDING_STOP, "file", "A shell script needs a line #!/bin/sh",
                     "%s is neither a program nor a script that names its interpreter", path);
    else
        findings_add(findings, FINDING_STOP, "machine", "Build it for 64-bit x86, or trace it where it is built so",
                     "it is a program for %s, and libleaktrace.so is for x86-64 only",
                     machine_name(start[is_big ? 19 : 18] | start[is_big ? 18 : 19] << 8, start[EI_CLASS]));
}

/* What the kernel gives the program beyond what its caller has; NULL: nothing. */
static const char *privilege_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return NULL;
    if ((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid())
        return "setuid";
    if ((st.st_mode & S_ISGID) != 0 && (st.st_mode & S_IXGRP) != 0 && st.st_gid != getgid())
        return "setgid";
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "given capabilities";
    return NULL;
}

static const char *why_powerless(const char *path)
{
    struct statvfs mount;

    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0)
        return "its file system is mounted nosuid";
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return "this process has no_new_privs";
    return NULL;
}

static void report_privilege(const char *path, struct findings *findings)
{
    const char *privilege = privilege_of(path), *powerless = why_powerless(path);

    if (privilege == NULL)
        return;
    if (powerless != NULL)
        findings_add(findings, FINDING_NOTE, "privilege", NULL, "it is %s, but that has no effect here: %s", privilege,
                     powerless);
    else
        findings_add(findings, FINDING_STOP, "privilege",
                     "Run it as the user that it becomes, or trace a copy of the file without these rights",
                     "it is %s: the loader ignores LD_PRELOAD for it (secure execution)", privilege);
}

static void report_static(const struct binary *binary, struct findings *findings)
{
    if (!binary->is_program)
        findings_add(findings, FINDING_STOP, "file", "Name the program that loads it", "it is a shared object, not a program");
    else if (binary->is_go)
        findings_add(findings, FINDING_STOP, "static", "Use its own net/http/pprof; a build with cgo shows its C code only",
                     "it is a Go program without libc: there is no loader that could load libleaktrace.so");
    else
        findings_add(findings, FINDING_STOP, "static", "Link it dynamically: without -static or -static-pie",
                     "it is linked statically: there is no loader that could load libleaktrace.so");
}

/* True when it is glibc's. */
static bool report_loader(const struct binary *binary, struct findings *findings)
{
    if (strstr(binary->loader, "ld-linux-x86-64.so") != NULL) {
        findings_add(findings, FINDING_OK, "loader", NULL, "dynamic, for x86-64 and glibc (%s)", binary->loader);
        return true;
    }
    findings_add(findings, FINDING_STOP, "libc", "Trace a build for glibc (Debian, Ubuntu, Fedora, not Alpine)",
                 "it is built for %s, whose loader %s cannot load libleaktrace.so",
                 strstr(binary->loader, "ld-musl-") != NULL ? "musl" : "another libc", binary->loader);
    return false;
}

/* Whether a separate file has the symbols, where leaktrace looks for it. */
static bool has_debug_file(const struct binary *binary, const char *path)
{
    struct module module = {.path = path};
    struct elf_file debug = ELF_FILE_CLOSED;
    int len = elf_file_build_id(&binary->file, module.build_id, sizeof(module.build_id));

    module.build_id_len = len > 0 ? (unsigned)len : 0;
    if (debug_file_open(&module, &binary->file, &debug) != 0)
        return false;
    elf_file_close(&debug);
    return true;
}

static void report_names(const struct binary *binary, const char *path, struct findings *findings)
{
    uint8_t id[MODULE_BUILD_ID_MAX];
    struct elf_file_symbols table;

    if (elf_file_symbols(&binary->file, SHT_SYMTAB, &table) == 0)
        findings_add(findings, FINDING_OK, "names", NULL, "it has its symbols: functions are named");
    else if (has_debug_file(binary, path))
        findings_add(findings, FINDING_OK, "names", NULL,
                     "it is stripped; its symbols are in a debug file: functions are named");
    else
        findings_add(findings, FINDING_NOTE, "names", "Install its debug symbols (a package -dbgsym or -debuginfo)",
                     "it is stripped: only exported functions (.dynsym) have names, others are FILE+ADDRESS");
    if (elf_file_build_id(&binary->file, id, sizeof(id)) < 0)
        findings_add(findings, FINDING_NOTE, "build id", "Link it with -Wl,--build-id",
                     "it has no build id: debug files and pprof cannot tell this build from others");
}

static void report_stacks(const struct binary *binary, struct findings *findings)
{
    if (!binary->has_sections)
        findings_add(findings, FINDING_NOTE, "sections", "Trace the file as the linker made it",
                     "it has no section headers (packed or cut): nothing can be said of its symbols");
    if (!binary->has_unwind_tables)
        findings_add(findings, FINDING_LIMIT, "stacks", "Compile and link it with -fasynchronous-unwind-tables",
                     "it has no .eh_frame: stacks end where they come to its own code, and are counted as truncated");
}

static void report_go(const struct binary *binary, struct findings *findings)
{
    if (binary->is_go)
        findings_add(findings, FINDING_LIMIT, "go", "For goroutines and Go's own heap use net/http/pprof",
                     "it is a Go program with cgo: only what its C code allocates, opens and starts is seen");
}

/* Chromium and what is built on it (Electron) have this program beside them. */
static void report_chromium(const char *shown, struct findings *findings)
{
    char path[PATH_MAX];
    const char *slash = strrchr(shown, '/');

    if (slash == NULL ||
        snprintf(path, sizeof(path), "%.*s/chrome_crashpad_handler", (int)(slash - shown), shown) >= (int)sizeof(path))
        return;
    if (access(path, X_OK) == 0)
        findings_add(findings, FINDING_LIMIT, "threads", "Run it with --no-zygote --no-sandbox",
                     "it is built on Chromium, whose zygote aborts when it has a second thread, and leaktrace's is one");
}

/* A file that cannot be mapped executable cannot be run either. */
static void report_mount(const char *path, struct findings *findings)
{
    struct statvfs mount;

    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0)
        findings_add(findings, FINDING_STOP, "noexec", "Copy it to another file system",
                     "its file system is mounted noexec: it cannot be run at all");
}

bool file_examine(const char *path, const char *shown, bool is_inside, struct findings *findings)
{
    struct binary binary;
    bool may_load;

    if (binary_open(path, &binary) != 0) {
        report_other(path, findings);
        return false;
    }
    if (!is_inside) {
        report_privilege(path, findings);
        report_mount(path, findings);
    }
    may_load = binary.loader[0] != '\0';
    if (!may_load)
        report_static(&binary, findings);
    else
        may_load = report_loader(&binary, findings);
    if (may_load) {
        report_go(&binary, findings);
        report_chromium(shown, findings);
        exports_examine(&binary, findings);
        report_stacks(&binary, findings);
        report_names(&binary, shown, findings);
    }
    binary_close(&binary);
    return may_load;
}
