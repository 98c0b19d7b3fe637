/* Finding traced processes. Owns nothing; called by the commands that take a PID, and by `leaktrace ls`. */
#include "target/target.h"

#include "base/text.h"
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DELETED " (deleted)"

static bool cut_suffix(char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);

    if (len < suffix_len || strcmp(text + len - suffix_len, suffix) != 0)
        return false;
    text[len - suffix_len] = '\0';
    return true;
}

/* Whether a path is that of the status file of `pid`: any folder, then <exe>.<pid>.status. */
static bool is_status_path(const char *path, int pid)
{
    const char *slash = strrchr(path, '/');
    char ending[64];
    size_t len, ending_len;

    if (slash == NULL)
        return false;
    snprintf(ending, sizeof(ending), ".%d%s", pid, CONTROL_STATUS_SUFFIX);
    len = strlen(slash + 1);
    ending_len = strlen(ending);
    return len > ending_len && strcmp(slash + 1 + len - ending_len, ending) == 0;
}

/* Looks through the mappings of a process. A forked child still has its parent's status file mapped: that is not its
 * own. */
static bool find_status_path(FILE *maps, int pid, char ret_path[PATH_MAX])
{
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (!found && getline(&line, &size, maps) > 0) {
        char *path = strchr(line, '/');

        if (path == NULL)
            continue;
        path[strcspn(path, "\n")] = '\0';
        cut_suffix(path, DELETED);
        found = strlen(path) < PATH_MAX && is_status_path(path, pid);
        if (found)
            strcpy(ret_path, path);
    }
    free(line);
    return found;
}

/* The mappings as one thread sees them; 0, or -errno when they cannot be read. `ret_empty`: it sees none. */
static int look_through(const char *maps_path, int pid, char ret_path[PATH_MAX], bool *ret_found, bool *ret_empty)
{
    FILE *maps = fopen(maps_path, "re");
    int error;

    if (maps == NULL)
        return -errno;
    errno = 0;
    *ret_found = find_status_path(maps, pid, ret_path);
    error = *ret_found ? 0 : errno;
    *ret_empty = !*ret_found && ftell(maps) == 0;
    fclose(maps);
    return -error;
}

/* A first thread that has called pthread_exit shows no mappings: then the others are asked. */
static int look_through_all(int pid, char ret_path[PATH_MAX], bool *ret_found)
{
    char path[96];
    const struct dirent *entry;
    bool empty = false;
    DIR *tasks;
    int ret;

    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    ret = look_through(path, pid, ret_path, ret_found, &empty);
    if (ret != 0 || !empty)
        return ret;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    tasks = opendir(path);
    while (tasks != NULL && !*ret_found && (entry = readdir(tasks)) != NULL) {
        int tid;

        if (!parse_pid(entry->d_name, &tid) || tid == pid)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", pid, tid);
        look_through(path, pid, ret_path, ret_found, &empty);
    }
    if (tasks != NULL)
        closedir(tasks);
    return 0;
}

static int explain(struct text *ret_why, int error, const char *why, int pid)
{
    text_format(ret_why, "process %d %s", pid, why);
    return -error;
}

static int cannot_look(struct text *ret_why, int error, int pid)
{
    if (error == ENOENT || error == ESRCH)
        return explain(ret_why, ESRCH, "does not exist", pid);
    if (error == EACCES || error == EPERM)
        return explain(ret_why, EPERM, "may not be looked into: it is another user's, or protected", pid);
    return explain(ret_why, error, strerror(error), pid);
}

int target_find(int pid, struct target *ret_target, struct text *ret_why)
{
    struct target target = {.pid = pid};
    bool found = false;
    int error = -look_through_all(pid, target.status_path, &found);

    if (error != 0)
        return cannot_look(ret_why, error, pid);
    if (!found)
        return explain(ret_why, ENOENT, "is not traced by leaktrace", pid);
    error = -status_read(target.status_path, &target.status);
    if (error != 0) {
        text_format(ret_why, "%s: %s", target.status_path, strerror(error));
        return -error;
    }
    *ret_target = target;
    return 0;
}

static int compare_pids(const void *a, const void *b)
{
    return ((const struct target *)a)->pid - ((const struct target *)b)->pid;
}

size_t target_list(struct target **ret_targets)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    struct target *targets = must_grow(NULL, 1, sizeof(*targets));
    size_t n = 0;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char why_buf[256] = "";
        struct text why = TEXT_ON(why_buf);
        int pid;

        if (!parse_pid(entry->d_name, &pid) || target_find(pid, &targets[n], &why) != 0)
            continue;
        targets = must_grow(targets, ++n + 1, sizeof(*targets));
    }
    if (proc != NULL)
        closedir(proc);
    qsort(targets, n, sizeof(*targets), compare_pids);
    *ret_targets = targets;
    return n;
}
