/* Judging a program file. Owns nothing; called by `leaktrace run` and `leaktrace doctor`. */
#include "target/program.h"

#include "common.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool is_runnable(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool program_look_up(const char *name, const char *search_path, char ret_path[PATH_MAX])
{
    if (strchr(name, '/') != NULL) {
        snprintf(ret_path, PATH_MAX, "%s", name);
        return is_runnable(ret_path);
    }
    for (const char *at = search_path;; at++) {
        size_t len = strcspn(at, ":");

        snprintf(ret_path, PATH_MAX, "%.*s%s%s", (int)len, at, len == 0 ? "" : "/", name);
        if (is_runnable(ret_path))
            return true;
        at += len;
        if (*at == '\0')
            return false;
    }
}

bool program_read_interpreter(int fd, char ret_path[PATH_MAX], char ret_argument[PATH_MAX])
{
    char line[256] = "";
    const char *start = line + 2;
    ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

    if (n < 3 || line[0] != '#' || line[1] != '!')
        return false;
    start += strspn(start, " \t");
    snprintf(ret_path, PATH_MAX, "%.*s", (int)strcspn(start, " \t\r\n"), start);
    start += strcspn(start, " \t\r\n");
    start += strspn(start, " \t");
    snprintf(ret_argument, PATH_MAX, "%.*s", (int)strcspn(start, "\r\n"), start);
    return true;
}

static bool is_privileged(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    if ((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid())
        return true;
    if ((st.st_mode & S_ISGID) != 0 && st.st_gid != getgid())
        return true;
    return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

/* Judges by the program's loader. Headers that make no sense are the kernel's business. */
static enum program_verdict judge_headers(int fd, const Elf64_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        char loader[PATH_MAX] = "";
        off_t at = (off_t)(header->e_phoff + (uint64_t)i * header->e_phentsize);

        if (pread(fd, &segment, sizeof(segment), at) != (ssize_t)sizeof(segment))
            return PROGRAM_TRACEABLE;
        if (segment.p_type != PT_INTERP)
            continue;
        if (segment.p_filesz >= sizeof(loader) || pread(fd, loader, segment.p_filesz, (off_t)segment.p_offset) < 0)
            return PROGRAM_TRACEABLE;
        return strstr(loader, "ld-musl-") != NULL ? PROGRAM_MUSL : PROGRAM_TRACEABLE;
    }
    return PROGRAM_STATIC;
}

static enum program_verdict judge_elf(int fd)
{
    Elf64_Ehdr header;
    ssize_t n = pread(fd, &header, sizeof(header), 0);

    if (n < EI_NIDENT || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return PROGRAM_TRACEABLE;
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || n < (ssize_t)sizeof(header) || header.e_machine != EM_X86_64)
        return PROGRAM_OTHER_ABI;
    if (is_privileged(fd))
        return PROGRAM_PRIVILEGED;
    return judge_headers(fd, &header);
}

enum program_verdict program_judge(const char *name, const char *search_path)
{
    enum program_verdict verdict = PROGRAM_TRACEABLE;
    char path[PATH_MAX], argument[PATH_MAX];
    bool unjudged = program_look_up(name, search_path, path);

    for (int i = 0; unjudged && i <= PROGRAM_SCRIPTS_MAX; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

        if (fd < 0)
            return PROGRAM_TRACEABLE;
        unjudged = program_read_interpreter(fd, path, argument);
        if (!unjudged)
            verdict = judge_elf(fd);
        close(fd);
    }
    return verdict;
}

const char *program_explain(enum program_verdict verdict)
{
    switch (verdict) {
    case PROGRAM_TRACEABLE:
        break;
    case PROGRAM_STATIC:
        return "is a static program: there is no loader that could load libleaktrace.so into it";
    case PROGRAM_MUSL:
        return "is built for musl, whose loader cannot load libleaktrace.so: it was run without";
    case PROGRAM_OTHER_ABI:
        return "is not a 64-bit x86 program, and libleaktrace.so is for those only";
    case PROGRAM_PRIVILEGED:
        return "has privileges of its own (setuid, setgid or capabilities): the loader ignores LD_PRELOAD for it";
    }
    return NULL;
}
