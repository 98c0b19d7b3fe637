/* Options and the folder for dumps, judged as dump/folder.c will. Owns nothing; called by cmd_doctor.c. */
#include "doctor/folder.h"

#include "common.h"
#include "doctor/finding.h"
#include "view/units.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM_MIN (16l << 20)

static void take_complaint(const char *line, void *context)
{
    findings_add(context, FINDING_LIMIT, "options", "See `leaktrace run --help`", OPTIONS_VARIABLE ": %s", line);
}

void options_examine(const char *text, struct options *ret_options, struct findings *findings)
{
    options_set_defaults(ret_options);
    options_parse(ret_options, text, take_complaint, findings);
}

/* Why the library would not use a folder that is there; NULL: it would. */
static const char *why_not(const char *folder, const struct stat *st, bool is_default)
{
    if (is_default && !S_ISDIR(st->st_mode))
        return "it is a link or no folder";
    if (is_default && st->st_uid != geteuid())
        return "it belongs to another user";
    if (is_default && (st->st_mode & 077) != 0)
        return "others may write or read in it";
    if (!is_default && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
        return "it is not a folder";
    return access(folder, W_OK | X_OK) == 0 ? NULL : strerror(errno);
}

static void report_room(const char *folder, struct findings *findings)
{
    struct units_text text;
    struct statvfs mount;

    if (statvfs(folder, &mount) != 0)
        return;
    if (mount.f_bavail * mount.f_frsize < ROOM_MIN)
        findings_add(findings, FINDING_LIMIT, "dumps", "Make room, or name another with the option dir",
                     "there are only %s left in %s", units_bytes((int64_t)(mount.f_bavail * mount.f_frsize), &text), folder);
    else
        findings_add(findings, FINDING_OK, "dumps", NULL, "they go to %s, which has %s left", folder,
                     units_bytes((int64_t)(mount.f_bavail * mount.f_frsize), &text));
}

/* The folder that a folder will be made in. */
static void find_parent(const char *folder, char ret_parent[PATH_MAX])
{
    char *slash;

    snprintf(ret_parent, PATH_MAX, "%s", folder);
    for (size_t len = strlen(ret_parent); len > 1 && ret_parent[len - 1] == '/'; len--)
        ret_parent[len - 1] = '\0';
    slash = strrchr(ret_parent, '/');
    if (slash == NULL)
        strcpy(ret_parent, ".");
    else
        slash[slash == ret_parent] = '\0';
}

void folder_examine(const char *folder, bool is_default, struct findings *findings)
{
    static const char advice[] = "Mend that, or name another with the option dir";
    char parent[PATH_MAX];
    struct stat st;

    if (lstat(folder, &st) == 0) {
        const char *why = why_not(folder, &st, is_default);

        if (why == NULL)
            report_room(folder, findings);
        else
            findings_add(findings, FINDING_STOP, "dumps", advice, "they cannot go to %s: %s", folder, why);
        return;
    }
    find_parent(folder, parent);
    if (errno == ENOENT && access(parent, W_OK | X_OK) == 0)
        report_room(parent, findings);
    else
        findings_add(findings, FINDING_STOP, "dumps", advice, "%s cannot be made: %s", folder, strerror(errno));
}
