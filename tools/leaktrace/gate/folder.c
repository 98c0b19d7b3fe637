/* The gate's folder. Owns nothing. */
#include "gate/folder.h"

#include "base/options.h"
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char gate_folder_quote(const char *folder)
{
    return strchr(folder, '"') == NULL ? '"' : '\'';
}

/* Whether an option of the library can hold it. */
static bool can_be_told(const char *folder)
{
    if (strchr(folder, gate_folder_quote(folder)) == NULL && strlen(folder) < OPTIONS_PATH_MAX - sizeof("/log"))
        return true;
    complain("cannot use the folder %s: its name is too long, or has both kinds of quotes", folder);
    return false;
}

static char *make_new(const char *parent)
{
    char *folder = must_format("%s/leaktrace-gate-XXXXXX", parent);

    if (!can_be_told(folder)) {
        free(folder);
        return NULL;
    }
    if (mkdtemp(folder) != NULL)
        return folder;
    complain("cannot make a folder for the dumps in %s: %s", parent, strerror(errno));
    free(folder);
    return NULL;
}

char *gate_folder_make(const char *dir, const char *parent)
{
    char *folder;

    if (dir == NULL)
        return make_new(parent);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        folder = NULL;
    else
        folder = realpath(dir, NULL);
    if (folder == NULL)
        complain("cannot use the folder %s: %s", dir, strerror(errno));
    if (folder == NULL || can_be_told(folder))
        return folder;
    free(folder);
    return NULL;
}

void gate_folder_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
}
