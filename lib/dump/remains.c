/*
 * The remover of half written files. Owns nothing; called by dump/dump.
 *
 * They are left alone for a day: what was to replace a checkpoint may be whole, and of use to who looks for what became of the
 * process (decisions/0009); and a process of another pid namespace may be writing it, and not be seen from here.
 */
#include "dump/remains.h"

#include "base/control.h"
#include "base/entries.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/dump_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGE_S (24l * 3600)
#define SECOND_NS 1000000000ll

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The pid in a hidden name of leaktrace's, its digits; NULL: it is another's name. */
static const char *find_pid(const char *name, size_t *ret_len)
{
    const size_t status_len = sizeof(CONTROL_STATUS_SUFFIX) - 1;
    size_t len = strlen(name), digits = 0;

    if (name[0] != '.')
        return NULL;
    if (len > status_len && strcmp(name + len - status_len, CONTROL_STATUS_SUFFIX) == 0)
        len -= status_len;
    else if (!dump_files_cut_ending(name, &len))
        return NULL;
    while (digits < len && is_digit(name[len - digits - 1]))
        digits++;
    if (digits == 0 || len < digits + 3 || name[len - digits - 1] != '.')
        return NULL;
    *ret_len = digits;
    return name + len - digits;
}

static bool is_alive(const char *pid, size_t len)
{
    char buf[64];
    struct text path = TEXT_ON(buf);
    struct stat st;

    text_add(&path, "/proc/");
    text_add_n(&path, pid, len);
    return path.cut || sys_lstat(buf, &st) == 0;
}

static bool is_this_process(const char *pid, size_t len)
{
    char buf[32];
    struct text own = TEXT_ON(buf);

    text_format(&own, "%d", sys_getpid());
    return own.len == len && memcmp(buf, pid, len) == 0;
}

static bool is_left(const char *path, uid_t user)
{
    struct stat st;

    return sys_lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == user &&
           st.st_mtim.tv_sec + AGE_S < sys_realtime_ns() / SECOND_NS;
}

void remains_remove(const char *folder)
{
    struct entries entries;
    const char *name;
    struct stat proc;

    /* Where /proc does not answer, nobody would seem alive. */
    if (sys_lstat("/proc/thread-self", &proc) != 0 || entries_open(&entries, folder) != 0)
        return;
    while ((name = entries_next(&entries)) != NULL) {
        char buf[DUMP_FILES_PATH_MAX];
        struct text path = TEXT_ON(buf);
        size_t pid_len;
        const char *pid = find_pid(name, &pid_len);

        if (pid == NULL || (is_alive(pid, pid_len) && !is_this_process(pid, pid_len)))
            continue;
        text_format(&path, "%s/%s", folder, name);
        if (!path.cut && is_left(buf, geteuid()))
            sys_unlink(buf);
    }
    entries_close(&entries);
}
