/* Processes without a last dump. Owns nothing; called by the gate. */
#include "gate/leftovers.h"

#include "base/control.h"
#include "common.h"
#include "gate/notes.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
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

void leftovers_note(struct notes *notes, const char *folder)
{
    DIR *dir = opendir(folder);
    size_t gone = 0, running = 0;
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
