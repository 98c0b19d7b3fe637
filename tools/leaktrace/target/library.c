/* Finding libleaktrace.so. Owns nothing; called by `leaktrace run`. */
#include "target/library.h"

#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY_NAME "libleaktrace.so"

/* The folder of the command's own file, with a '/' at its end; empty when it cannot be told. */
static void find_own_folder(char ret_folder[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", ret_folder, PATH_MAX - 1);
    char *slash;

    ret_folder[n < 0 ? 0 : n] = '\0';
    slash = strrchr(ret_folder, '/');
    ret_folder[slash == NULL ? 0 : slash + 1 - ret_folder] = '\0';
}

static bool is_there(const char *folder, const char *below, char ret_path[PATH_MAX])
{
    char path[PATH_MAX];

    if (folder[0] == '\0' || snprintf(path, sizeof(path), "%s%s" LIBRARY_NAME, folder, below) >= (int)sizeof(path))
        return false;
    return realpath(path, ret_path) != NULL;
}

static bool look_around(char ret_path[PATH_MAX])
{
    char own[PATH_MAX];

    find_own_folder(own);
    return is_there(own, "", ret_path) || is_there(own, "../lib/", ret_path) ||
           is_there(own, "../lib/x86_64-linux-gnu/", ret_path) || is_there(LEAKTRACE_LIBDIR, "/", ret_path);
}

int library_find(const char *named, char ret_path[PATH_MAX], struct text *ret_why)
{
    if (named != NULL && realpath(named, ret_path) == NULL) {
        text_format(ret_why, "LEAKTRACE_LIBRARY is %s: %s", named, strerror(errno));
        return -ENOENT;
    }
    if (named == NULL && !look_around(ret_path)) {
        text_add(ret_why, LIBRARY_NAME " is neither beside the command nor installed; LEAKTRACE_LIBRARY can name it");
        return -ENOENT;
    }
    if (strpbrk(ret_path, ": \t\n") == NULL)
        return 0;
    text_format(ret_why, "LD_PRELOAD cannot name '%s': it has a blank or a colon in it", ret_path);
    return -EINVAL;
}
