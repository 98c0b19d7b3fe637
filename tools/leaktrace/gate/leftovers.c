/* Processes without a last dump. Owns nothing; called by the gate. */
#include "gate/leftovers.h"

#include "base/control.h"
#include "base/options.h"
#include "common.h"
#include "gate/folder.h"
#include "gate/notes.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the number out of "EXE.PID.status". */
static bool read_pid(const char *name, int *ret_pid)
{
    size_t len = strlen(name), suffix = strlen(CONTROL_STATUS_SUFFIX);
    char *copy, *dot;
    bool good;

    if (len <= suffix || strcmp(name + len - suffix, CONTROL_STATUS_SUFFIX) != 0)
        return false;
    copy = must_format("%.*s", (int)(len - suffix), name);
    dot = strrchr(copy, '.');
    good = dot != NULL && parse_pid(dot + 1, ret_pid);
    free(copy);
    return good;
}

static bool has_status(const char *folder, int pid)
{
    char *pattern = must_format(".%d%s", pid, CONTROL_STATUS_SUFFIX);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool found = false;

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name), tail = strlen(pattern);

        found = len > tail && strcmp(entry->d_name + len - tail, pattern) == 0;
    }
    if (dir != NULL)
        closedir(dir);
    free(pattern);
    return found;
}

/* Whether the environment that the process was given tells the library of the folder. */
static bool was_told(int pid, const char *folder)
{
    char *path = must_format("/proc/%d/environ", pid), *word = NULL, quote = gate_folder_quote(folder);
    char *told = must_format(":dir=%c%s%c:", quote, folder, quote);
    FILE *in = fopen(path, "re");
    size_t size = 0;
    bool found = false;

    while (in != NULL && !found && getdelim(&word, &size, '\0', in) > 0)
        found = begins_with(word, OPTIONS_VARIABLE "=") && strstr(word, told) != NULL;
    if (in != NULL)
        fclose(in);
    free(word);
    free(told);
    free(path);
    return found;
}

/* Forked children that have acquired nothing yet have no status. */
static size_t count_silent(const char *folder)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    size_t n = 0;
    int pid;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        n += parse_pid(entry->d_name, &pid) && was_told(pid, folder) && !has_status(folder, pid);
    if (dir != NULL)
        closedir(dir);
    return n;
}

void leftovers_note(struct notes *notes, const char *folder)
{
    size_t gone = 0, running = count_silent(folder);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int pid;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (!read_pid(entry->d_name, &pid))
            continue;
        if (kill(pid, 0) == 0 || errno != ESRCH)
            running++;
        else
            gone++;
    }
    if (dir != NULL)
        closedir(dir);
    if (gone > 0)
        notes_add(notes, "%zu process%s ended without a last dump, as by SIGKILL, and %s not judged", gone,
                  gone == 1 ? " has" : "es have", gone == 1 ? "is" : "are");
    if (running > 0)
        notes_add(notes, "%zu process%s still running, and not judged", running, running == 1 ? " is" : "es are");
}
